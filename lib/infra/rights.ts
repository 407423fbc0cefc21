import type { Plan } from '../domain/plan.ts';
import { tags } from '../names.ts';

/** The steps that have a function, by `<area>/<step>`. */
export const stepNames = [
  'protect/open',
  'protect/capture',
  'protect/replicate',
  'protect/seal',
  'protect/prune',
  'protect/abort',
  'transfer/start',
  'transfer/move',
  'transfer/complete',
  'failover/open',
  'failover/preflight',
  'failover/fence',
  'failover/launch',
  'failover/commit',
  'failover/undo',
  'failover/guard',
  'waves/health',
  'waves/probe',
  'traffic/switch',
  'failback/open',
  'failback/estimate',
  'failback/pay-fence',
  'failback/round',
  'failback/finish-round',
  'failback/stop-recovery',
  'failback/rebuild',
  'failback/start',
  'failback/commit',
  'failback/undo',
  'operation/close',
  'operation/rescue',
] as const;
export type StepName = (typeof stepNames)[number];

/** Actions on resources; `*` only where AWS offers no resource for the action. @source aws-facts [8.2] */
export interface Right {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** As in an IAM statement. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** ARN patterns of one set of plans; the account is filled in by the stack. */
export interface Arns {
  readonly partition: string;
  readonly account: string;
  readonly plans: readonly Plan[];
}

/** The resources that rights are given on, by type and Region, and what several steps share. */
class Resources {
  readonly primary: ReadonlySet<string>;
  readonly recovery: ReadonlySet<string>;
  readonly both: ReadonlySet<string>;
  readonly images: readonly string[];
  readonly zones: readonly string[];
  readonly #arns: Arns;

  constructor(arns: Arns) {
    this.#arns = arns;
    this.primary = new Set(arns.plans.map((plan) => plan.primary.region));
    this.recovery = new Set(arns.plans.map((plan) => plan.recovery.region));
    this.both = new Set([...this.primary, ...this.recovery]);
    this.images = [...this.recovery].map((region) => `arn:${arns.partition}:ec2:${region}::image/*`);
    this.zones = [
      ...new Set(
        arns.plans.flatMap((plan) =>
          plan.traffic.map(({ zone }) => `arn:${arns.partition}:route53:::hostedzone/${zone}`),
        ),
      ),
    ];
  }

  ec2(regions: ReadonlySet<string>, type: string): string[] {
    return [...regions].map((region) => `arn:${this.#arns.partition}:ec2:${region}:${this.#arns.account}:${type}/*`);
  }

  snapshots(regions: ReadonlySet<string>): string[] {
    return [...regions].map((region) => `arn:${this.#arns.partition}:ec2:${region}::snapshot/*`);
  }

  instances(regions: ReadonlySet<string>): string[] {
    return this.ec2(regions, 'instance');
  }

  /** Use of the keys of both Regions through EBS. @source aws-facts [8.3] */
  get keys(): Right {
    const keys = [...this.both].map(
      (region) => `arn:${this.#arns.partition}:kms:${region}:${this.#arns.account}:key/*`,
    );
    const actions = [
      'CreateGrant',
      'Decrypt',
      'DescribeKey',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
      'ReEncryptFrom',
      'ReEncryptTo',
    ];
    return { actions: actions.map((action) => `kms:${action}`), resources: keys };
  }

  /** Looking whether the holder of a lease still runs. */
  get executions(): Right {
    const { partition, account } = this.#arns;
    const executions = [...this.recovery].map((region) => `arn:${partition}:states:${region}:${account}:execution:*`);
    return on(executions, 'states:DescribeExecution');
  }

  get traffic(): Right[] {
    if (this.zones.length === 0) return [];
    const changes = `arn:${this.#arns.partition}:route53:::change/*`;
    return [
      on(this.zones, 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets'),
      on([changes], 'route53:GetChange'),
    ];
  }

  snapshotSet(regions: ReadonlySet<string>): Right[] {
    return [
      read('ec2:DescribeInstances', 'ec2:DescribeSnapshots'),
      on(
        [...this.instances(regions), ...this.ec2(regions, 'volume'), ...this.snapshots(regions)],
        'ec2:CreateSnapshots',
      ),
      on(this.snapshots(regions), 'ec2:CreateTags'),
      this.keys,
    ];
  }

  get swap(): Right[] {
    return [
      read('ec2:DescribeInstances', 'ec2:DescribeVolumes'),
      on(
        [...this.ec2(this.primary, 'volume'), ...this.instances(this.primary)],
        'ec2:AttachVolume',
        'ec2:DetachVolume',
      ),
    ];
  }
}

/** Steps that are not named here use the catalogue only. */
const rights: Partial<Record<StepName, (of: Resources) => readonly Right[]>> = {
  'protect/open': (of) => [of.executions],
  'failover/open': (of) => [of.executions],
  'failback/open': (of) => [of.executions],
  'protect/capture': (of) => [
    ...of.snapshotSet(of.primary),
    read('ec2:DescribeVolumes'),
    on(of.instances(of.primary), 'ec2:DescribeInstanceAttribute'),
  ],
  'protect/replicate': (of) => [
    read('ec2:DescribeSnapshots'),
    on(of.snapshots(of.both), 'ec2:CopySnapshot'),
    on(of.snapshots(of.recovery), 'ec2:CreateTags'),
    of.keys,
  ],
  'protect/seal': () => [read('cloudwatch:PutMetricData')],
  'protect/prune': (of) => [read('ec2:DescribeSnapshots'), own(of.snapshots(of.both), 'ec2:DeleteSnapshot')],
  'transfer/start': (of) => [
    on(of.snapshots(of.both), 'ebs:ListChangedBlocks', 'ebs:StartSnapshot', 'ec2:CreateTags'),
    of.keys,
  ],
  'transfer/move': (of) => [
    on(of.snapshots(of.both), 'ebs:ListChangedBlocks', 'ebs:GetSnapshotBlock', 'ebs:PutSnapshotBlock'),
    of.keys,
  ],
  'transfer/complete': (of) => [
    read('ec2:DescribeSnapshots'),
    on(of.snapshots(of.both), 'ebs:CompleteSnapshot', 'ebs:ListChangedBlocks'),
    of.keys,
  ],
  'failover/preflight': (of) => [
    read('ec2:DescribeSnapshots', 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups'),
    ...of.traffic.slice(0, 1).map(({ resources }) => on(resources, 'route53:ListResourceRecordSets')),
  ],
  'failover/fence': (of) => [read('ec2:DescribeInstances'), on(of.instances(of.primary), 'ec2:StopInstances')],
  'failover/launch': (of) => [
    read('ec2:DescribeImages', 'ec2:DescribeInstances'),
    on([...of.images, ...of.snapshots(of.recovery)], 'ec2:RegisterImage'),
    on(
      [
        ...of.images,
        ...of.instances(of.recovery),
        ...['volume', 'network-interface', 'security-group', 'subnet', 'key-pair'].flatMap((type) =>
          of.ec2(of.recovery, type),
        ),
        ...of.snapshots(of.recovery),
      ],
      'ec2:RunInstances',
    ),
    on([...of.images, ...of.instances(of.recovery), ...of.ec2(of.recovery, 'volume')], 'ec2:CreateTags'),
    on(
      [...of.ec2(of.recovery, 'elastic-ip'), ...of.instances(of.recovery), ...of.ec2(of.recovery, 'network-interface')],
      'ec2:AssociateAddress',
    ),
    of.keys,
  ],
  'failover/undo': (of) => [
    read('ec2:DescribeImages', 'ec2:DescribeInstances', 'ec2:DescribeVolumes'),
    own(of.instances(of.recovery), 'ec2:TerminateInstances'),
    own(of.images, 'ec2:DeregisterImage'),
    own(of.ec2(of.recovery, 'volume'), 'ec2:DeleteVolume'),
    on(of.instances(of.primary), 'ec2:StartInstances'),
    of.keys,
    ...of.traffic,
  ],
  'waves/health': () => [read('ec2:DescribeInstances', 'ec2:DescribeInstanceStatus')],
  'traffic/switch': (of) => [read('ec2:DescribeInstances'), ...of.traffic],
  'failover/guard': (of) => [read('cloudwatch:DescribeAlarms'), of.executions],
  'failback/estimate': (of) => [
    ...of.snapshotSet(of.recovery),
    on(of.snapshots(of.recovery), 'ebs:ListChangedBlocks'),
    own(of.snapshots(of.recovery), 'ec2:DeleteSnapshot'),
  ],
  'failback/round': (of) => of.snapshotSet(of.recovery),
  'failback/pay-fence': (of) => [...of.snapshotSet(of.primary), on(of.instances(of.primary), 'ec2:StopInstances')],
  'failback/stop-recovery': (of) => [read('ec2:DescribeInstances'), on(of.instances(of.recovery), 'ec2:StopInstances')],
  'failback/rebuild': (of) => [
    ...of.swap,
    on([...of.ec2(of.primary, 'volume'), ...of.snapshots(of.primary)], 'ec2:CreateVolume'),
    on(of.ec2(of.primary, 'volume'), 'ec2:CreateTags'),
    on([...of.instances(of.primary), ...of.ec2(of.primary, 'volume')], 'ec2:ModifyInstanceAttribute'),
    of.keys,
  ],
  'failback/start': (of) => [
    read('ec2:DescribeInstances'),
    on(of.instances(of.primary), 'ec2:StartInstances'),
    of.keys,
  ],
  'failback/commit': () => [read('ec2:DescribeInstances')],
  'failback/undo': (of) => [
    ...of.swap,
    on(of.instances(of.both), 'ec2:StartInstances', 'ec2:StopInstances'),
    own(of.ec2(of.primary, 'volume'), 'ec2:DeleteVolume'),
    read('ec2:DescribeSnapshots'),
    own(of.snapshots(of.both), 'ec2:DeleteSnapshot'),
    of.keys,
    ...of.traffic,
  ],
  'operation/close': () => [],
};

/** What each function may call besides the catalogue. Deleting, launching, moving blocks and switching traffic are separate roles. */
export function rightsOf(step: StepName, arns: Arns): readonly Right[] {
  return rights[step]?.(new Resources(arns)) ?? [];
}

function read(...actions: string[]): Right {
  return { actions, resources: ['*'] };
}

/** What ends something is allowed only on what carries the tags of Homeward. */
function own(resources: readonly string[], ...actions: string[]): Right {
  return { actions, resources, conditions: { StringLike: { [`aws:ResourceTag/${tags.plan}`]: '*' } } };
}

function on(resources: readonly string[], ...actions: string[]): Right {
  return { actions, resources };
}
