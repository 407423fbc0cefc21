import { isProbed } from '../domain/automatic.ts';
import { reservationsOf } from '../domain/capacity.ts';
import { isDrilled } from '../domain/drill.ts';
import { fenceKindOf } from '../domain/fence.ts';
import { recoverySubnets } from '../domain/launch-network.ts';
import { asNewAtHome, homeServer } from '../domain/launch-site.ts';
import { hasDispensable } from '../domain/left-out.ts';
import { isAlias, type NamedKeys, namedKeys } from '../domain/key.ts';
import type { Plan, PlanGroup, PlanServer } from '../domain/plan.ts';
import { arnsOf, controlsOf } from '../domain/routing-control.ts';
import { hasFailoverPair, recordsOf } from '../domain/traffic.ts';
import { tags } from '../names.ts';

/** Values of conditions as in an IAM statement: operator → key → values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Actions on resources; `*` only where AWS offers no resource for the action. @source aws-facts [8.2] */
export interface Right {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Conditions;
}

/** ARN patterns of one set of plans; the account is filled in by the stack. */
export interface Arns {
  readonly partition: string;
  readonly account: string;
  readonly plans: readonly Plan[];
}

const directActions = [
  'Decrypt',
  'DescribeKey',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
] as const;

/** What a key is used for on behalf of a step. @source aws-facts [8.3] */
const keyActions = {
  make: ['Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'],
  copyFrom: ['Decrypt', 'DescribeKey', 'ReEncryptFrom'],
  copyTo: ['Decrypt', 'DescribeKey', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptTo'],
  /** An instance that starts needs a grant and nothing else. @source AWS re:Post, kms-iam-ec2-permission */
  attach: [],
  direct: directActions,
  directTo: directActions,
} as const;
type KeyUse = keyof typeof keyActions;

/** Something begins under the key that builds on nothing under another: that is the plan's present one. */
const isBeginning = (use: KeyUse) => use === 'copyTo' || use === 'directTo';

type PlanSide = 'primary' | 'recovery';
/** `launch`: where servers are launched, which is the recovery Region, and for drills of the way home the primary Region too. */
export type Side = PlanSide | 'launch';

function regionsOf(plan: Plan, side: Side): string[] {
  if (side !== 'launch') return [plan[side].region];
  return plan.failback.drill === undefined ? [plan.recovery.region] : [plan.recovery.region, plan.primary.region];
}

/** Every subnet that a plan may launch into. */
function subnetsOf({ recovery, drill }: Plan): string[] {
  return [...recoverySubnets(recovery), ...Object.values(drill?.subnets ?? {})];
}

/** The resources that rights are given on, by type and side, and the conditions under which they are given. */
export class Resources {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly elasticIps: readonly string[];
  /** Capacity Reservations that servers are launched into. */
  readonly reservations: readonly string[];
  /** Of plans that isolate: their groups, and the subnets at home that they map. */
  readonly isolationGroups: readonly string[];
  readonly homeSubnets: readonly string[];
  /** Whether the fence of a plan stops its servers. */
  readonly mayStopHome: boolean;
  /** By hosted zone, the names and types of the records that are changed there; none where there are only failover pairs. */
  readonly zones: ReadonlyMap<string, { readonly names: readonly string[]; readonly types: readonly string[] }>;
  readonly hasFailoverPair: boolean;
  readonly routingControls: readonly string[];
  /** Whether servers may be left out, of which something may have been launched. */
  readonly mayLeaveOut: boolean;
  readonly #arns: Arns;

  constructor(arns: Arns) {
    this.#arns = arns;
    const { plans } = arns;
    const atHome = (of: 'subnets' | 'securityGroups') => (plan: Plan) => Object.values(plan.failback.drill?.[of] ?? {});
    this.subnets = [
      ...this.#named('subnet', plans, 'recovery', subnetsOf),
      ...this.#named('subnet', plans, 'primary', atHome('subnets')),
    ];
    this.securityGroups = [
      ...this.#named('security-group', plans, 'recovery', ({ recovery, drill }) => [
        ...Object.values(recovery.securityGroups),
        ...Object.values(drill?.securityGroups ?? {}),
      ]),
      ...this.#named('security-group', plans, 'primary', atHome('securityGroups')),
    ];
    this.elasticIps = this.#named('elastic-ip', plans, 'recovery', ({ servers }) =>
      Object.values(servers).flatMap(({ elasticIp }) => elasticIp ?? []),
    );
    this.reservations = this.#named('capacity-reservation', plans, 'recovery', reservationsOf);
    const isolating = plans.filter((plan) => fenceKindOf(plan) === 'isolate');
    this.isolationGroups = this.#named(
      'security-group',
      isolating,
      'primary',
      ({ failover }) => failover.isolationGroups ?? [],
    );
    this.homeSubnets = this.#named('subnet', isolating, 'primary', ({ recovery }) => Object.keys(recovery.subnets));
    this.mayStopHome = plans.some((plan) => fenceKindOf(plan) === 'stop');
    this.mayLeaveOut = plans.some(hasDispensable);
    this.hasFailoverPair = plans.some(hasFailoverPair);
    this.routingControls = [...new Set(plans.flatMap(controlsOf).flatMap(arnsOf))];
    const records = plans.flatMap(recordsOf);
    this.zones = new Map(
      [...new Set(records.map(({ zone }) => zone))].map((zone) => {
        const ofZone = records.filter((record) => record.zone === zone && !('failover' in record));
        const names = [...new Set(ofZone.map(({ name }) => normalized(name)))];
        return [zone, { names, types: [...new Set(ofZone.map(({ type }) => type))] }];
      }),
    );
  }

  get partition(): string {
    return this.#arns.partition;
  }

  get account(): string {
    return this.#arns.account;
  }

  get launchSides(): readonly PlanSide[] {
    return this.#arns.plans.some(({ failback }) => failback.drill !== undefined)
      ? ['recovery', 'primary']
      : ['recovery'];
  }

  /** Of the plans whose servers may come home as new ones; `undefined` where there are none. */
  get newServers(): Resources | undefined {
    const plans = this.#arns.plans.filter(({ failback }) => failback.newServers !== undefined);
    return plans.length === 0 ? undefined : new Resources({ ...this.#arns, plans });
  }

  /** Where these come home. */
  get newPlaces(): { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] } {
    const at = (of: 'subnets' | 'securityGroups') => (plan: Plan) => Object.values(asNewAtHome(plan).recovery[of]);
    const { plans } = this.#arns;
    return {
      subnets: this.#named('subnet', plans, 'primary', at('subnets')),
      securityGroups: this.#named('security-group', plans, 'primary', at('securityGroups')),
    };
  }

  get isDrilled(): boolean {
    return this.#arns.plans.some(isDrilled);
  }

  get isProbed(): boolean {
    return this.#arns.plans.some(isProbed);
  }

  /** Days of the longest lock of the plans, 0 where none locks. */
  get lockDaysMax(): number {
    return Math.max(...this.#arns.plans.map(({ protection }) => protection.retention.lock?.days ?? 0));
  }

  regions(...sides: Side[]): string[] {
    return [...new Set(sides.flatMap((side) => this.#arns.plans.flatMap((plan) => regionsOf(plan, side))))];
  }

  /** Actions on the servers of the plans at home: those that they name, and whatever carries the tags of their groups. */
  onOriginals(...actions: string[]): Right[] {
    return this.onServers(() => true, actions);
  }

  /** On those of them that are meant. */
  onServers(isMeant: (server: PlanServer | PlanGroup) => boolean, actions: readonly string[]): Right[] {
    const { plans } = this.#arns;
    const named = this.#named('instance', plans, 'primary', ({ servers }) =>
      Object.values(servers).flatMap((server) => (isMeant(server) ? [server.instance] : [])),
    );
    const tagged = plans.flatMap(({ primary, groups }) =>
      Object.values(groups)
        .filter(isMeant)
        .map(({ tags: wanted }): Right => {
          const carried = Object.entries(wanted).map(([key, value]) => [`aws:ResourceTag/${key}`, value] as const);
          return {
            actions,
            resources: [`arn:${this.partition}:ec2:${primary.region}:${this.account}:instance/*`],
            conditions: { StringEquals: Object.fromEntries(carried) },
          };
        }),
    );
    return [
      ...(named.length === 0 ? [] : [{ actions, resources: named }]),
      ...tagged,
      ...this.#onNew(isMeant, actions),
    ];
  }

  /** Servers that the plans name and that have come home as new ones since. */
  #onNew(isMeant: (server: PlanServer) => boolean, actions: readonly string[]): Right[] {
    return this.#arns.plans.flatMap(({ name, primary, servers, failback }) => {
      const meant = Object.entries(servers).flatMap(([server, entry]) => (isMeant(entry) ? [server] : []));
      if (failback.newServers === undefined || meant.length === 0) return [];
      const carried = { [tags.plan]: name, [tags.purpose]: homeServer, [tags.server]: meant };
      const conditions = Object.entries(carried).map(([key, value]) => [`aws:ResourceTag/${key}`, value] as const);
      return {
        actions,
        resources: [`arn:${this.partition}:ec2:${primary.region}:${this.account}:instance/*`],
        conditions: { StringEquals: Object.fromEntries(conditions) },
      };
    });
  }

  ec2(side: Side, type: string): string[] {
    return this.regions(side).map((region) => `arn:${this.partition}:ec2:${region}:${this.account}:${type}/*`);
  }

  images(side: Side): string[] {
    return this.regions(side).map((region) => `arn:${this.partition}:ec2:${region}::image/*`);
  }

  snapshots(...sides: Side[]): string[] {
    return this.regions(...sides).map((region) => `arn:${this.partition}:ec2:${region}::snapshot/*`);
  }

  /** Looking at what has no resources in policies, in the Regions of the plans. */
  read(sides: readonly Side[], ...actions: string[]): Right {
    return { actions, resources: ['*'], conditions: { StringEquals: { 'ec2:Region': this.regions(...sides) } } };
  }

  /** Using or ending only what carries the tags of these plans; with a purpose, only what was made for it. */
  own(resources: readonly string[], action: string, ...purposes: string[]): Right {
    const ofPurpose = purposes.length === 0 ? {} : { [`aws:ResourceTag/${tags.purpose}`]: purposes };
    const conditions = { StringEquals: { [`aws:ResourceTag/${tags.plan}`]: this.#planNames, ...ofPurpose } };
    return { actions: [action], resources, conditions };
  }

  /** Making something only if it is given the tag of one of these plans in the same call (I8). */
  make(resources: readonly string[], action: string): Right {
    const conditions = { StringEquals: { [`aws:RequestTag/${tags.plan}`]: this.#planNames } };
    return { actions: [action], resources, conditions };
  }

  /** Tagging what the named action makes, while it makes it, and nothing that exists. @source aws-facts [8.2] */
  tagWhile(action: string, resources: readonly string[]): Right {
    return { actions: ['ec2:CreateTags'], resources, conditions: { StringEquals: { 'ec2:CreateAction': action } } };
  }

  /** Tagging with Homeward's keys only, where AWS tells no `ec2:CreateAction`. */
  mark(resources: readonly string[], ...purposes: string[]): Right {
    const asked = { [`aws:RequestTag/${tags.plan}`]: this.#planNames, [`aws:RequestTag/${tags.purpose}`]: purposes };
    return {
      actions: ['ec2:CreateTags'],
      resources,
      conditions: { StringEquals: asked, 'ForAllValues:StringEquals': { 'aws:TagKeys': Object.values(tags) } },
    };
  }

  /** Use of keys through EBS. Direct-API calls may reach KMS as themselves, so these are bound to the account only. @source aws-facts [8.3] */
  keys(use: KeyUse, ...sides: PlanSide[]): Right[] {
    const direct = { StringEquals: { 'kms:CallerAccount': this.account } };
    const through = use === 'copyFrom' ? this.regions('primary', 'recovery') : this.regions(...sides);
    const via = { StringEquals: { 'kms:ViaService': through.map((region) => `ec2.${region}.${suffix(region)}`) } };
    const base: Conditions = keyActions[use] === directActions ? direct : via;
    const actions = keyActions[use].map((action) => `kms:${action}`);
    return sides
      .flatMap((side) => this.#keysOf(side, isBeginning(use) ? presentKeys : namedKeys))
      .flatMap(({ resources, conditions }) => [
        ...(actions.length === 0 ? [] : [{ actions, resources, conditions: { ...base, ...conditions } }]),
        {
          actions: ['kms:CreateGrant'],
          resources,
          conditions: { ...base, ...conditions, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
        },
      ]);
  }

  /** Looking at the same keys, which no service does on behalf of the caller. */
  lookAtKeys(...sides: PlanSide[]): Right[] {
    const base = { StringEquals: { 'kms:CallerAccount': this.account } };
    return sides
      .flatMap((side) => this.#keysOf(side, namedKeys))
      .map(({ resources, conditions }) => ({
        actions: ['kms:DescribeKey'],
        resources,
        conditions: { ...base, ...conditions },
      }));
  }

  /** The default key of the Region, whichever it is, where a plan names its key by an alias, which the direct APIs do not take. */
  defaultKeys(): Right[] {
    const plans = this.#arns.plans.filter(({ recovery }) => presentKeys(recovery).some(isAlias));
    const ofDefaults = new Resources({
      ...this.#arns,
      plans: plans.map((plan) => ({ ...plan, recovery: withoutKey(plan.recovery) })),
    });
    return plans.length === 0 ? [] : ofDefaults.keys('directTo', 'recovery');
  }

  get #planNames(): string[] {
    return this.#arns.plans.map(({ name }) => name);
  }

  #named(type: string, plans: readonly Plan[], side: PlanSide, idsOf: (plan: Plan) => readonly string[]): string[] {
    const arns = plans.flatMap((plan) =>
      idsOf(plan).map((id) => `arn:${this.partition}:ec2:${plan[side].region}:${this.account}:${type}/${id}`),
    );
    return [...new Set(arns)];
  }

  /**
   * The keys that the plans name for the recovery Region, by ARN or alias. At home volumes have keys that no plan names, and a
   * plan without a key takes the Region's default.
   */
  #keysOf(
    side: PlanSide,
    keysOf: (of: NamedKeys) => readonly string[],
  ): Required<Pick<Right, 'resources' | 'conditions'>>[] {
    const anyKey = (region: string) => `arn:${this.partition}:kms:${region}:${this.account}:key/*`;
    const { plans } = this.#arns;
    if (side === 'primary') return [{ resources: this.regions(side).map(anyKey), conditions: {} }];
    const open = plans.filter(({ recovery }) => recovery.key === undefined).map(({ recovery }) => recovery.region);
    const named = plans.flatMap(({ recovery }) => keysOf(recovery));
    const exact = [...new Set([...open.map(anyKey), ...named.filter((key) => !isAlias(key))])];
    const aliases = named.filter(isAlias).map((key) => key.slice(key.indexOf('alias/')));
    return [
      ...(exact.length === 0 ? [] : [{ resources: exact, conditions: {} }]),
      ...(aliases.length === 0
        ? []
        : [
            {
              resources: this.regions(side).map(anyKey),
              conditions: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': aliases } },
            },
          ]),
    ];
  }
}

/** What is encrypted anew is under this one. */
function presentKeys({ key }: NamedKeys): readonly string[] {
  return key === undefined ? [] : [key];
}

function withoutKey({ key: _, ...recovery }: Plan['recovery']): Plan['recovery'] {
  return recovery;
}

/** A record's name as IAM compares it. @source Route 53 guide, specifying conditions: lower case, no dot at the end, octal escapes */
function normalized(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, '')
    .replaceAll(/[^a-z0-9_.-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Domain of the services of a Region. */
export function suffix(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
