import { type LadderFindings, type Rung, rungLine } from './launch-ladder.ts';
import type { LaunchConfiguration } from './launch-configuration.ts';
import type { Plan } from './plan.ts';

/**
 * Whose room a launch takes: `open` as AWS does unasked, with any open Capacity Reservation that fits; `none` with no reservation; or the id of the one to be launched
 * into, which need not be open. @source aws-facts [3.3], [3.4]
 */
export type CapacityPolicy = string;

/** Of a server: its own, else that of its plan. */
export function capacityOf({ servers, recovery }: Pick<Plan, 'servers' | 'recovery'>, server: string): CapacityPolicy {
  return servers[server]?.capacity ?? recovery.capacity ?? 'open';
}

/** The id of the reservation that is named. */
export function reservationIn(policy: CapacityPolicy | undefined): string | undefined {
  return policy?.startsWith('cr-') === true ? policy : undefined;
}

/** Every reservation that a plan names, each once. */
export function reservationsOf({ recovery, servers, groups }: Plan): string[] {
  const policies = [recovery, ...Object.values(servers), ...Object.values(groups)].map(({ capacity }) => capacity);
  return [...new Set(policies.flatMap((policy) => reservationIn(policy) ?? []))];
}

/** A Capacity Reservation as AWS tells it. */
export interface CapacityReservation {
  readonly id: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly platform: string;
  readonly tenancy: string;
  readonly state: string;
  readonly freeInstances: number;
}

/** Servers are launched from images of their snapshots, which are all registered as this. @source aws-facts [3.2] */
const platform = 'Linux/UNIX';

/**
 * Why a server cannot be launched into a reservation in one of its ways, in words for people; whether there is room in it is another matter.
 * @source EC2 guide, launch instances into an existing Capacity Reservation: type, platform, zone and tenancy match, and it is active
 */
export function misfit(
  reservation: CapacityReservation,
  { instanceType, interfaces: [first] }: Rung,
  zoneOf: ReadonlyMap<string, string>,
  { settings }: Pick<LaunchConfiguration, 'settings'>,
): string | undefined {
  if (reservation.state !== 'active') return `is ${reservation.state}`;
  const zone = zoneOf.get(first?.subnet ?? '');
  if (reservation.instanceType !== instanceType || reservation.zone !== zone)
    return `is of ${reservation.instanceType} in ${reservation.zone}`;
  if (reservation.platform !== platform) return `is of ${reservation.platform}`;
  const tenancy = settings?.tenancy ?? 'default';
  return reservation.tenancy === tenancy ? undefined : `has tenancy ${reservation.tenancy}, not ${tenancy}`;
}

/** A server that is to be launched into a reservation: its ways, the best first, and what it was captured as. */
export interface Reserving {
  readonly reservation: string;
  readonly rungs: readonly Rung[];
  readonly configuration: LaunchConfiguration;
}

/**
 * What is wrong with the reservations that servers are to be launched into. One that does not exist is a mistake in the plan, and blocks; no launch depends on the others.
 * @param found `undefined` where there is none of that id; those that could not be looked at are missing
 */
export function reservationFindings(
  servers: ReadonlyMap<string, Reserving>,
  found: ReadonlyMap<string, CapacityReservation | undefined>,
  zoneOf: ReadonlyMap<string, string>,
): LadderFindings {
  const blocking: string[] = [];
  const warnings: string[] = [];
  const fitting = new Map<string, number>();
  for (const [server, { reservation: id, rungs, configuration }] of servers) {
    if (!found.has(id)) continue;
    const reservation = found.get(id);
    const [first] = rungs;
    if (reservation === undefined) blocking.push(`capacity reservation ${id} does not exist`);
    if (reservation === undefined || first === undefined) continue;
    const why = misfit(reservation, first, zoneOf, configuration);
    if (why === undefined) fitting.set(id, (fitting.get(id) ?? 0) + 1);
    else warnings.push(`server ${server} is launched outside of ${id} as ${rungLine(first)}: the reservation ${why}`);
  }
  const short = [...fitting].flatMap(([id, servers]) => {
    const free = found.get(id)?.freeInstances ?? 0;
    return free < servers ? [`capacity reservation ${id} has room for ${free} instances, ${servers} are needed`] : [];
  });
  return { blocking: [...new Set(blocking)], warnings: [...warnings, ...short] };
}
