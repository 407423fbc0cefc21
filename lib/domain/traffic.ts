import type { Site } from './catalogue.ts';
import type { AliasRecord, FailoverPair, FixedRecord, Plan, TrafficRecord } from './plan.ts';
import { controlsOf } from './routing-control.ts';
import { type RecordName, type RecordValue, withDot, wordsOf } from './record-set.ts';

/** The records among what a plan switches. */
export function recordsOf({ traffic }: Pick<Plan, 'traffic'>): TrafficRecord[] {
  return traffic.flatMap((entry) => ('routingControls' in entry ? [] : [entry]));
}

/** The records of Route 53 that change for a record of a plan: one, or the primary Region's and the recovery Region's; none of a failover pair. */
export function namesOf(record: TrafficRecord): readonly RecordName[] {
  const { zone, name, type } = record;
  if ('failover' in record) return [];
  if ('weighted' in record)
    return [record.weighted.primary, record.weighted.recovery].map((set) => ({ zone, name, type, set }));
  return [{ zone, name, type, ...(record.set === undefined ? {} : { set: record.set }) }];
}

/** Whether a record leads to a server, by whichever of its addresses. */
export function isOfServer(record: Plan['traffic'][number], server: string): boolean {
  return 'server' in record && record.server === server;
}

/** Whether traffic of a plan is moved by its health check too, or by that alone. */
export function hasFailoverPair({ traffic }: Pick<Plan, 'traffic'>): boolean {
  return traffic.some((record) => 'failover' in record);
}

/** Whether records of a plan have to be changed. */
export function hasChanges(plan: Pick<Plan, 'traffic'>): boolean {
  return recordsOf(plan).some((record) => !('failover' in record));
}

/** How many times over users are moved by health checks, one after another: by those of routing controls, and by the plan's own. */
export function ledTimes(plan: Pick<Plan, 'traffic'>): number {
  return [controlsOf(plan).length > 0, hasFailoverPair(plan)].filter(Boolean).length;
}

/**
 * After the alarm of failover pairs, or a turn of routing controls, health checks and the DNS servers need as long as this. Route 53 gives no figure; its own changes take a minute.
 * @source aws-facts [4.2], [4.3]
 */
export const ledSeconds = 120;

/** The two records of a failover pair. */
export function pairOf({ zone, name, type, failover }: FailoverPair): readonly [RecordName, RecordName] {
  return [
    { zone, name, type, set: failover.primary },
    { zone, name, type, set: failover.recovery },
  ];
}

/** Why a failover pair would not be moved by the plan's health check; `undefined` where it would. */
export function pairFault(
  { zone, failover }: FailoverPair,
  [primary, recovery]: readonly (RecordValue | undefined)[],
  healthCheck: string,
): string | undefined {
  if (primary === undefined || recovery === undefined)
    return `its record "${primary === undefined ? failover.primary : failover.recovery}" does not exist in zone ${zone}`;
  if (primary.routing?.['Failover'] !== 'PRIMARY') return `its record "${failover.primary}" is not the primary one`;
  if (recovery.routing?.['Failover'] !== 'SECONDARY')
    return `its record "${failover.recovery}" is not the secondary one`;
  if (primary.routing['HealthCheckId'] !== healthCheck)
    return `its record "${failover.primary}" does not have the plan's health check, ${healthCheck}`;
  if (primary.alias?.isHealthEvaluated === true)
    return `its record "${failover.primary}" evaluates the health of its target, which would move traffic before the servers run`;
  // With both unhealthy Route 53 answers with the primary one. @source aws-facts [4.3]
  if (recovery.routing['HealthCheckId'] !== undefined || recovery.alias?.isHealthEvaluated === true)
    return `its record "${failover.recovery}" must be led to whatever its health: it has a health check or evaluates that of its target`;
  return undefined;
}

/** Why a record cannot be switched; `undefined` where it can. @param present what each of its {@link namesOf} is now */
export function faultOf(record: TrafficRecord, present: readonly (RecordValue | undefined)[]): string | undefined {
  if ('failover' in record) return undefined;
  const found = present.filter((value) => value !== undefined);
  if (found.length < present.length) {
    const missing = namesOf(record)[present.indexOf(undefined)];
    return `${missing?.set === undefined ? 'it' : `its record "${missing.set}"`} does not exist in zone ${record.zone}`;
  }
  if ('server' in record)
    return found.some(({ alias }) => alias !== undefined) ? 'it is an alias, and a server has an address' : undefined;
  if (isAt(record, 'primary', found) || isAt(record, 'recovery', found)) return undefined;
  return 'weighted' in record
    ? 'one of its two records must have weight 0 and the other must not'
    : `it leads to ${found.flatMap(wordsOf).join(', ')}, which is of neither site`;
}

/** Where a switch leads: the site, and of a record that leads to a server that server's address there. */
export interface Destination {
  readonly site: Site;
  readonly address: string | undefined;
}

/**
 * What each of the {@link namesOf} a record is to be so that it leads to a site. All else of it stays as it is.
 * @param present what each of them is now
 * @param home what they were before the failover behind which production runs, where they are as it left them: put back exactly
 */
export function ledTo(
  record: TrafficRecord,
  { site, address }: Destination,
  present: readonly RecordValue[],
  home: readonly RecordValue[] | undefined,
): readonly RecordValue[] {
  if ('failover' in record) return [];
  const base = home ?? present;
  if ('server' in record)
    return base.map((value) => withValues(value, [address ?? ''], home === undefined ? record : {}));
  if (isAt(record, site, base)) return base;
  if ('weighted' in record) return exchanged(present);
  return present.map((value) =>
    'values' in record
      ? withValues(value, record.values[site], record)
      : { ...value, alias: { isHealthEvaluated: false, ...value.alias, ...record.alias[site] } },
  );
}

function withValues(value: RecordValue, values: readonly string[], lasting: { ttlSeconds?: number }): RecordValue {
  const { ttlSeconds = value.ttlSeconds ?? 0 } = lasting;
  return { ...value, values, ttlSeconds };
}

function exchanged([one, other]: readonly RecordValue[]): readonly RecordValue[] {
  if (one === undefined || other === undefined) return [];
  return [withWeight(one, weightOf(other)), withWeight(other, weightOf(one))];
}

function withWeight(value: RecordValue, weight: number): RecordValue {
  return { ...value, routing: { ...value.routing, Weight: weight } };
}

function weightOf({ routing }: RecordValue): number {
  const weight = routing?.['Weight'];
  return typeof weight === 'number' ? weight : 0;
}

/** Whether records lead to a site now. A server's address is not known here. */
function isAt(record: Exclude<TrafficRecord, FailoverPair>, site: Site, found: readonly RecordValue[]): boolean {
  if ('server' in record) return false;
  if ('weighted' in record) {
    const [primary = 0, recovery = 0] = found.map(weightOf);
    return site === 'primary' ? primary > 0 && recovery === 0 : recovery > 0 && primary === 0;
  }
  return found.every((value) => ('values' in record ? hasValues(record, site, value) : hasAlias(record, site, value)));
}

function hasValues({ type, values }: FixedRecord, site: Site, value: RecordValue): boolean {
  const said = (all: readonly string[]) =>
    all.map((each) => (type === 'CNAME' ? withDot(each) : each.toLowerCase())).toSorted();
  return value.alias === undefined && said(value.values).join() === said(values[site]).join();
}

function hasAlias({ alias }: AliasRecord, site: Site, value: RecordValue): boolean {
  return value.alias?.zone === alias[site].zone && withDot(value.alias.name) === withDot(alias[site].name);
}
