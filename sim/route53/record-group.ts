import type { Random } from '../random.ts';
import type { Routing, ZoneRecord } from './record-set.ts';

/** A multivalue answer holds no more records. @source Route 53 developer guide, multivalue answer routing */
const MULTIVALUE_RECORDS_MAX = 8;

type RecordName = Pick<ZoneRecord, 'name' | 'type'>;

export function isOfGroup({ name, type }: RecordName): (record: ZoneRecord) => boolean {
  return (record) => record.name === name && record.type === type;
}

/**
 * Why the records that share a name and type with what was edited may not stand together.
 * @source Route 53 API reference, ResourceRecordSet: one policy for a name and type, a simple record alone, each role of a failover once, one TTL for
 * all weighted records; a primary record needs a health check, or the health of its alias
 */
export function groupFaults(
  records: readonly ZoneRecord[],
  edits: readonly { readonly record: ZoneRecord }[],
): readonly string[] {
  const groups = new Map(edits.map(({ record }) => [`${record.name} ${record.type}`, record]));
  return [...groups.values()].flatMap((name) => faultsTogether(name, records.filter(isOfGroup(name))));
}

function faultsTogether({ name, type }: RecordName, group: readonly ZoneRecord[]): string[] {
  const named = `RRSet with DNS name ${name}, type ${type}`;
  const policies = new Set(group.map(({ routing }) => routing?.policy ?? 'simple'));
  if (policies.size > 1) {
    const [one = '', other = ''] = [...policies];
    return [`${named} cannot be created because a non-${other} RRSet with the same name and type exists: ${one}`];
  }
  const roles = group.flatMap(({ routing }) => (routing?.policy === 'failover' ? [routing.role] : []));
  const twice = roles.find((role, index) => roles.indexOf(role) !== index);
  const ttls = new Set(group.map(({ ttlSeconds }) => ttlSeconds).filter((ttl) => ttl !== undefined));
  const isWeighted = policies.has('weighted');
  const unguarded = group.find(
    ({ routing, healthCheck, alias }) =>
      routing?.policy === 'failover' &&
      routing.role === 'PRIMARY' &&
      healthCheck === undefined &&
      alias?.evaluatesHealth !== true,
  );
  const multivalue = policies.has('multivalue')
    ? group.find(({ alias }) => alias !== undefined || type === 'CNAME')
    : undefined;
  return [
    ...(twice === undefined ? [] : [`${named} cannot have failover role ${twice} twice`]),
    ...(isWeighted && ttls.size > 1 ? [`${named} has weighted records with different TTLs`] : []),
    ...(unguarded === undefined
      ? []
      : [`${named}, SetIdentifier ${unguarded.set}: a primary failover record needs a health check`]),
    ...(multivalue === undefined ? [] : [`${named} cannot be a multivalue answer as a CNAME or an alias`]),
  ];
}

/**
 * The records of one name and type that answer one question. Where none is healthy, health counts for nothing.
 * @source Route 53 developer guide, how Amazon Route 53 chooses records when health checking is configured
 */
export function answering(
  group: readonly ZoneRecord[],
  isHealthy: (record: ZoneRecord) => boolean,
  random: Random,
): readonly ZoneRecord[] {
  const policy = group[0]?.routing?.policy;
  if (policy === undefined) return group;
  const healthy = group.filter(isHealthy);
  if (policy === 'failover') {
    const isPrimary = ({ routing }: ZoneRecord) => routing?.policy === 'failover' && routing.role === 'PRIMARY';
    const chosen = healthy.find(isPrimary) ?? healthy[0] ?? group.find(isPrimary);
    return chosen === undefined ? [] : [chosen];
  }
  if (policy === 'multivalue') return (healthy.length > 0 ? healthy : group).slice(0, MULTIVALUE_RECORDS_MAX);
  return byWeight(group, healthy, random);
}

/** Records of weight 0 answer where no other is healthy, and all alike where every one has weight 0. */
function byWeight(group: readonly ZoneRecord[], healthy: readonly ZoneRecord[], random: Random): readonly ZoneRecord[] {
  const weighty = (records: readonly ZoneRecord[]) => records.filter(({ routing }) => weightOf(routing) > 0);
  const choices = [weighty(healthy), healthy, weighty(group), group].find((records) => records.length > 0) ?? [];
  const total = choices.reduce((sum, { routing }) => sum + weightOf(routing), 0);
  if (total === 0) return choices.slice(random.below(choices.length)).slice(0, 1);
  let left = random.below(total);
  const chosen = choices.find(({ routing }) => {
    left -= weightOf(routing);
    return left < 0;
  });
  return chosen === undefined ? [] : [chosen];
}

function weightOf(routing: Routing | undefined): number {
  return routing?.policy === 'weighted' ? routing.weight : 0;
}
