import { isIPv4, isIPv6 } from 'node:net';
import type { ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import { AwsError, NotModelled } from '../service.ts';

/** A record as a zone holds it; `name` is lower-case and ends with a dot. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: RRType;
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

const MEMBERS = ['Name', 'Type', 'TTL', 'ResourceRecords'];
const CHANGEABLE_TYPES: readonly string[] = ['A', 'AAAA', 'CNAME', 'TXT'];
const TTL_MAX = 2_147_483_647;

/** Lower-case, with the trailing dot. Wildcards and escapes are not modelled. */
export function nameOf(name: string): string {
  const dotted = name.endsWith('.') ? name : `${name}.`;
  if (!/^([a-z0-9_-]+\.)+$/i.test(dotted)) throw new NotModelled(`the record name ${name}`);
  return dotted.toLowerCase();
}

/** What makes a record one of its zone. */
export function keyOf({ name, type }: Pick<ZoneRecord, 'name' | 'type'>): string {
  return `${name} ${type}`;
}

/**
 * Reads the record of a change.
 * @throws AwsError InvalidInput where TTL or values are missing
 */
export function recordOf(action: string, set: ResourceRecordSet | undefined): ZoneRecord {
  const { Name = '', Type, TTL, ResourceRecords = [] } = set ?? {};
  const other = Object.entries(set ?? {}).find(([member, value]) => value !== undefined && !MEMBERS.includes(member));
  if (other !== undefined) throw new NotModelled(`${other[0]} of record sets`);
  if (Type === undefined || !CHANGEABLE_TYPES.includes(Type)) throw new NotModelled(`changes of ${Type} records`);
  if (TTL === undefined || ResourceRecords.length === 0) {
    throw invalidInput(
      `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=${action}, Name=${Name}, Type=${Type}, SetIdentifier=null]`,
    );
  }
  if (TTL < 0 || TTL > TTL_MAX) throw invalidInput(`Invalid TTL ${TTL}`);
  return { name: nameOf(Name), type: Type, ttlSeconds: TTL, values: ResourceRecords.map(({ Value }) => Value ?? '') };
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

/** Whether two records of one name and type say the same; the order of values does not matter. */
export function isSame(one: ZoneRecord, other: ZoneRecord): boolean {
  const sorted = (record: ZoneRecord) => JSON.stringify([...record.values].sort());
  return one.ttlSeconds === other.ttlSeconds && sorted(one) === sorted(other);
}

/** The order in which zones are listed: by name with its labels reversed, then by type. */
export function inListOrder(one: Pick<ZoneRecord, 'name' | 'type'>, other: Pick<ZoneRecord, 'name' | 'type'>): number {
  const placeOf = ({ name, type }: Pick<ZoneRecord, 'name' | 'type'>) =>
    // A separator below every character of a label keeps parents before their children.
    `${name.split('.').reverse().join('\u0001')}\u0000${type}`;
  const [a, b] = [placeOf(one), placeOf(other)];
  return a < b ? -1 : Number(a > b);
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInput', message);
}
