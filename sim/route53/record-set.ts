import { isIPv4, isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type {
  AliasTarget as SdkAliasTarget,
  ResourceRecordSet,
  ResourceRecordSetFailover,
  RRType,
} from '@aws-sdk/client-route-53';
import { AwsError, NotModelled } from '../service.ts';

/** How a record shares its name and type with others. */
export type Routing =
  | { readonly policy: 'weighted'; readonly weight: number }
  | { readonly policy: 'failover'; readonly role: ResourceRecordSetFailover }
  | { readonly policy: 'multivalue' };

/** Of an alias record: the record or load balancer that answers for it. */
export interface AliasTarget {
  readonly zone: string;
  readonly name: string;
  readonly evaluatesHealth: boolean;
}

/** A record as a zone holds it; `name` is lower-case and ends with a dot. An alias has neither TTL nor values. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: RRType;
  readonly ttlSeconds?: number;
  readonly values: readonly string[];
  readonly alias?: AliasTarget;
  readonly set?: string;
  readonly routing?: Routing;
  readonly healthCheck?: string;
}

const MEMBERS = [
  'Name',
  'Type',
  'TTL',
  'ResourceRecords',
  'AliasTarget',
  'SetIdentifier',
  'Weight',
  'Failover',
  'MultiValueAnswer',
  'HealthCheckId',
];
const CHANGEABLE_TYPES: readonly string[] = ['A', 'AAAA', 'CNAME', 'TXT'];
const TTL_MAX = 2_147_483_647;
/** @source aws-facts [4.2] */
const WEIGHT_MAX = 255;
const SET_CHARACTERS_MAX = 128;

/** Lower-case, with the trailing dot. Wildcards and escapes are not modelled. */
export function nameOf(name: string): string {
  const dotted = name.endsWith('.') ? name : `${name}.`;
  if (!/^([a-z0-9_-]+\.)+$/i.test(dotted)) throw new NotModelled(`the record name ${name}`);
  return dotted.toLowerCase();
}

type RecordName = Pick<ZoneRecord, 'name' | 'type' | 'set'>;

/** What makes a record one of its zone. */
export function keyOf({ name, type, set = '' }: RecordName): string {
  return `${name} ${type} ${set}`;
}

/**
 * Reads the record of a change.
 * @source Route 53 API reference, ResourceRecordSet: values with a TTL or an alias; a set identifier with exactly one routing policy
 * @throws AwsError InvalidInput
 */
export function recordOf(action: string, set: ResourceRecordSet | undefined): ZoneRecord {
  const { Name = '', Type, TTL, ResourceRecords = [], AliasTarget: target, SetIdentifier, HealthCheckId } = set ?? {};
  const other = Object.entries(set ?? {}).find(([member, value]) => value !== undefined && !MEMBERS.includes(member));
  if (other !== undefined) throw new NotModelled(`${other[0]} of record sets`);
  if (Type === undefined || !CHANGEABLE_TYPES.includes(Type)) throw new NotModelled(`changes of ${Type} records`);
  const change = `Change with [Action=${action}, Name=${Name}, Type=${Type}, SetIdentifier=${SetIdentifier ?? null}]`;
  const isPlain = TTL !== undefined && ResourceRecords.length > 0;
  const isAlias = target !== undefined;
  const isMixed = isAlias && (TTL !== undefined || ResourceRecords.length > 0);
  if (isMixed || (!isPlain && !isAlias)) {
    throw invalidInput(
      `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found ${isMixed ? 'more than one' : 'none'} in ${change}`,
    );
  }
  if (TTL !== undefined && (TTL < 0 || TTL > TTL_MAX)) throw invalidInput(`Invalid TTL ${TTL}`);
  const routing = routingOf(set ?? {}, change);
  return {
    name: nameOf(Name),
    type: Type,
    ...(TTL === undefined ? {} : { ttlSeconds: TTL }),
    values: ResourceRecords.map(({ Value }) => Value ?? ''),
    ...(target === undefined ? {} : { alias: aliasOf(Type, target) }),
    ...(SetIdentifier === undefined ? {} : { set: SetIdentifier }),
    ...(routing === undefined ? {} : { routing }),
    ...(HealthCheckId === undefined ? {} : { healthCheck: HealthCheckId }),
  };
}

function aliasOf(type: RRType, { HostedZoneId, DNSName, EvaluateTargetHealth }: SdkAliasTarget): AliasTarget {
  if (type !== 'A' && type !== 'AAAA') throw new NotModelled(`aliases of type ${type}`);
  if (HostedZoneId === undefined || DNSName === undefined || EvaluateTargetHealth === undefined)
    throw invalidInput('Invalid request: AliasTarget needs HostedZoneId, DNSName and EvaluateTargetHealth');
  return { zone: HostedZoneId, name: nameOf(DNSName), evaluatesHealth: EvaluateTargetHealth };
}

function routingOf(set: Partial<ResourceRecordSet>, change: string): Routing | undefined {
  const { SetIdentifier, Weight, Failover, MultiValueAnswer } = set;
  const policies = [Weight, Failover, MultiValueAnswer].filter((policy) => policy !== undefined);
  if (SetIdentifier === undefined) {
    if (policies.length > 0) throw invalidInput(`Invalid request: Missing field 'SetIdentifier' in ${change}`);
    return undefined;
  }
  if (SetIdentifier.length < 1 || SetIdentifier.length > SET_CHARACTERS_MAX)
    throw invalidInput(`Invalid request: SetIdentifier must have 1 to ${SET_CHARACTERS_MAX} characters in ${change}`);
  if (policies.length !== 1) {
    throw invalidInput(
      `Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, or CidrRoutingConfig], but found ${policies.length === 0 ? 'none' : 'more than one'} in ${change}`,
    );
  }
  if (Failover !== undefined) return { policy: 'failover', role: Failover };
  if (MultiValueAnswer === true) return { policy: 'multivalue' };
  if (Weight === undefined || Weight < 0 || Weight > WEIGHT_MAX)
    throw invalidInput(`Invalid request: Weight must be 0 to ${WEIGHT_MAX} in ${change}`);
  return { policy: 'weighted', weight: Weight };
}

/** A record as Route 53 tells it. */
export function setOf({
  name,
  type,
  ttlSeconds,
  values,
  alias,
  set,
  routing,
  healthCheck,
}: ZoneRecord): ResourceRecordSet {
  return {
    Name: name,
    Type: type,
    ...(set === undefined ? {} : { SetIdentifier: set }),
    ...(routing?.policy === 'weighted' ? { Weight: routing.weight } : {}),
    ...(routing?.policy === 'failover' ? { Failover: routing.role } : {}),
    ...(routing?.policy === 'multivalue' ? { MultiValueAnswer: true } : {}),
    ...(ttlSeconds === undefined ? {} : { TTL: ttlSeconds }),
    ...(values.length === 0 ? {} : { ResourceRecords: values.map((Value) => ({ Value })) }),
    ...(alias === undefined
      ? {}
      : {
          AliasTarget: { HostedZoneId: alias.zone, DNSName: alias.name, EvaluateTargetHealth: alias.evaluatesHealth },
        }),
    ...(healthCheck === undefined ? {} : { HealthCheckId: healthCheck }),
  };
}

/** Why a record may not be in a zone of this name, in the words of Route 53. */
export function faultsOf({ name, type, values }: ZoneRecord, zone: string): readonly string[] {
  const isInside = name === zone || name.endsWith(`.${zone}`);
  if (!isInside) return [`RRSet with DNS name ${name} is not permitted in zone ${zone}`];
  if (type === 'CNAME' && name === zone) {
    return [`RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zone}`];
  }
  if (type === 'CNAME' && values.length > 1) return ['RRSet of type CNAME must have exactly one value'];
  if (new Set(values).size < values.length) return [`Duplicate Resource Record: '${values.join(', ')}'`];
  return values.flatMap((value) => {
    const fault = valueFault(type, value);
    return fault === undefined
      ? []
      : [`Invalid Resource Record: 'FATAL problem: ${fault} encountered with '${value}''`];
  });
}

function valueFault(type: RRType, value: string): string | undefined {
  if (type === 'A' && !isIPv4(value)) return 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)';
  if (type === 'AAAA' && !isIPv6(value)) return 'AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)';
  if (type === 'TXT' && !/^".*"$/.test(value)) {
    return 'InvalidCharacterString (Value should be enclosed in quotation marks)';
  }
  return type === 'CNAME' && value === '' ? 'CNAMERRDATANotSingleField (Value is empty)' : undefined;
}

/** Whether two records of one key say the same in every respect; the order of values does not matter. */
export function isSame(one: ZoneRecord, other: ZoneRecord): boolean {
  const said = (record: ZoneRecord) => ({ ...record, values: [...record.values].sort() });
  return isDeepStrictEqual(said(one), said(other));
}

/** The order in which zones are listed: by name with its labels reversed, then by type, then by set identifier. */
export function inListOrder(one: RecordName, other: RecordName): number {
  const placeOf = ({ name, type, set = '' }: RecordName) =>
    // A separator below every character of a label keeps parents before their children.
    `${name.split('.').reverse().join('\u0001')}\u0000${type}\u0000${set}`;
  const [a, b] = [placeOf(one), placeOf(other)];
  return a < b ? -1 : Number(a > b);
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInput', message);
}
