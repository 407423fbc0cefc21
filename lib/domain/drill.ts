import * as z from 'zod';
import { Failure } from './failure.ts';
import { name } from './fields.ts';
import { operationIdSchema } from './ids.ts';
import { type CapacityPolicy, reservationIn } from './capacity.ts';
import type { Holder } from './phase.ts';
import type { Operation } from './catalogue.ts';
import type { Plan } from './plan.ts';

/**
 * Which drill of a plan is under way: an item of the catalogue, `PLAN#<plan>` / `DRILL`. A drill holds no lease, so that protection goes on and a
 * failover waits for nothing; one drill at a time, each under the next epoch of its own count.
 */
export const drillSeatSchema = z
  .object({
    plan: name,
    epoch: z.int().nonnegative(),
    operation: operationIdSchema.nullable(),
    /** ARN of the execution that drills, or that takes a drill down. */
    execution: z.string().nullable(),
  })
  .readonly();
export type DrillSeat = z.output<typeof drillSeatSchema>;

/** Of a plan that was never drilled. */
export function emptySeat(plan: string): DrillSeat {
  return { plan, epoch: 0, operation: null, execution: null };
}

export function staleDrill(seat: DrillSeat, { operation, epoch }: Holder): Failure {
  return new Failure(
    'StaleEpoch',
    `Operation ${operation} (epoch ${epoch} of the drills of plan ${seat.plan}) no longer drills: epoch ${seat.epoch} belongs to ${seat.operation ?? 'nobody'}. It changes nothing more.`,
  );
}

export function isDrilled({ drill, failback }: Plan): boolean {
  return drill !== undefined || failback.drill !== undefined;
}

/** Whether an operation is a drill of the way home: what production, away, has become is launched in the primary Region. */
export function isHomeDrill({ extent }: Pick<Operation, 'extent'>): boolean {
  return extent === 'way-home';
}

/** Whether an operation, by its id, is a drill. */
export function isDrill(operation: string): boolean {
  return operation.startsWith('drill-');
}

/**
 * A plan as a drill works on it: launched into the drill's own network, without the addresses, the records and the questions of the real thing.
 * @throws Failure InvalidInput when the plan has no drill network
 */
export function asDrill(plan: Plan): Plan {
  const { drill, recovery } = plan;
  if (drill === undefined) throw noNetwork(plan, 'drill');
  const fallback = recovery.fallback === undefined ? {} : { fallback: { ...recovery.fallback, subnets: {} } };
  const drilled = apart(plan);
  return {
    ...drilled,
    recovery: { ...drilled.recovery, subnets: drill.subnets, securityGroups: drill.securityGroups, ...fallback },
    ...(drill.probes === undefined ? {} : { probes: drill.probes }),
  };
}

/**
 * A plan as a drill of the way home works on it: what it recovers to is a network apart in the primary Region.
 * @throws Failure InvalidInput when the plan has no such network
 */
export function asHomeDrill(plan: Plan): Plan {
  const { drill } = plan.failback;
  if (drill === undefined) throw noNetwork(plan, 'failback.drill');
  const { userData } = plan.recovery;
  const launching = userData === undefined ? {} : { userData };
  return { ...apart(plan), recovery: { region: plan.primary.region, ...launching, ...drill } };
}

/**
 * Without what leads to production, and whom it asks. It takes no room of the reservations that a plan names, also not of open ones: a failover that starts beside a drill would
 * find them full until the last of what was drilled is gone.
 */
function apart({ probes: _, ...plan }: Plan): Plan {
  const { questions: _questions, ...failover } = plan.failover;
  return { ...withoutPrepared(plan, 'none'), traffic: [], failover };
}

/** A plan without what is prepared in the recovery Region for its servers: addresses, and reservations, in place of which they take `room`. */
export function withoutPrepared(plan: Plan, room: CapacityPolicy): Plan {
  const spare = <Of extends { readonly capacity?: CapacityPolicy }>(of: Of): Of =>
    reservationIn(of.capacity) === undefined ? of : { ...of, capacity: room };
  const servers = Object.entries(plan.servers).map(([key, { elasticIp: _ip, ...server }]) => [key, spare(server)]);
  const groups = Object.entries(plan.groups).map(([key, group]) => [key, spare(group)]);
  const own = { servers: Object.fromEntries(servers), groups: Object.fromEntries(groups) };
  return { ...plan, ...own, recovery: spare(plan.recovery) };
}

function noNetwork({ name: plan }: Plan, field: string): Failure {
  return new Failure(
    'InvalidInput',
    `Plan ${plan} has no network to drill in. Write "${field}" into the plan, with subnets and securityGroups, and deploy it. Nothing was changed.`,
  );
}
