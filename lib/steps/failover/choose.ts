import * as z from 'zod';
import type { PointHeader } from '../../domain/catalogue.ts';
import type { Choice } from '../../domain/choice.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { choosePoint, isAsOf, pointId, type PointSelector } from '../../domain/recovery-point.ts';
import type { Services } from '../services.ts';

const what =
  'is not "latest", "latest-verified", a point id like "rp-20260105T100000Z-1a2b3c", or {"asOf": "2026-01-05T10:00:00Z"}';
const pointIdSchema = z.string().regex(/^rp-\d{8}T\d{6}Z-\w{1,40}$/, what);

/** How an input names a recovery point. */
export const selectorSchema = z.union(
  [
    z.literal(['latest', 'latest-verified']),
    pointIdSchema.transform((id) => ({ id })),
    z.strictObject({ asOf: z.iso.datetime({ offset: true }) }),
  ],
  { error: what },
);

export interface Wanted {
  readonly recoveryPoint: PointSelector;
  readonly servers: Readonly<Record<string, { readonly recoveryPoint: PointSelector }>>;
}

export interface Chosen {
  readonly recoveryPoint: string;
  readonly choice: Choice;
}

/** The newest point that was verified is pinned; drills that are older than these add nothing. */
const drilledMax = 10;

/** More points than these are passed over only where protection has failed for long, or the choice steps back far. */
const passedOverMax = 10;

/**
 * Chooses what a failover launches from, and says what that gives up.
 * @throws Failure UnknownRecoveryPoint, RecoveryPointNotAvailable, InvalidInput
 */
export async function choose(services: Services, { name, servers }: Plan, wanted: Wanted): Promise<Chosen> {
  const points = await candidates(services, name, wanted.recoveryPoint);
  const main = choosePoint(name, points, wanted.recoveryPoint);
  const known = new Set([...Object.keys(servers), ...Object.keys(main.members)]);
  const others: [string, PointHeader][] = [];
  for (const [server, { recoveryPoint }] of Object.entries(wanted.servers)) {
    if (!known.has(server)) throw unknownServer(server, [...known]);
    const point = choosePoint(name, await candidates(services, name, recoveryPoint), recoveryPoint);
    if (point.members[server] === undefined)
      throw new Failure('RecoveryPointNotAvailable', `Recovery point ${point.id} has no image of server ${server}.`);
    if (point.id !== main.id) others.push([server, point]);
  }
  const oldest = [main, ...others.map(([, point]) => point)].map(({ startedAt }) => startedAt).toSorted()[0] ?? '';
  const newer = points.filter(({ id }) => id > main.id).toSorted((a, b) => b.id.localeCompare(a.id));
  const passedOver: { point: string; why: string }[] = [];
  for (const point of newer.slice(0, passedOverMax))
    passedOver.push({ point: point.id, why: await whyNot(services, point) });
  return {
    recoveryPoint: main.id,
    choice: {
      lossSeconds: Math.max(0, secondsBetween(oldest, services.now().toISOString())),
      servers: Object.fromEntries(others.map(([server, { id }]) => [server, id])),
      passedOver,
    },
  };
}

function unknownServer(server: string, known: readonly string[]): Failure {
  return new Failure(
    'InvalidInput',
    `Cannot start failover: servers.${server}: is not a server of the plan. Servers: ${known.join(', ')}. Nothing was changed.`,
  );
}

/** Of the points, however many there are, those among which the choice lies, and those that a refusal names. */
async function candidates({ catalogue }: Services, plan: string, selector: PointSelector): Promise<PointHeader[]> {
  const newest = await catalogue.newestPointHeaders(plan);
  if (selector === 'latest') return newest;
  const add = (points: readonly PointHeader[]) => {
    const known = new Set(newest.map(({ id }) => id));
    return [...newest, ...points.filter(({ id }) => !known.has(id))];
  };
  if (selector === 'latest-verified') return add(await verified(catalogue, plan));
  if ('id' in selector) {
    const named = await catalogue.pointHeader(plan, selector.id);
    return add(named === undefined ? [] : [named]);
  }
  const isAnswer = (point: PointHeader) => isAsOf(point, selector.asOf);
  const before = await catalogue.pointHeadersUntil(plan, isAnswer, { upTo: pointId(new Date(selector.asOf), '~') });
  if (before.some(isAnswer)) return add(before);
  return add(await catalogue.pointHeadersUntil(plan, ({ status }) => status === 'available', { oldestFirst: true }));
}

/** The points that drills have verified; all but the newest of them go as retention lets them. */
async function verified(catalogue: Services['catalogue'], plan: string): Promise<PointHeader[]> {
  const drilled = (await catalogue.operationsOf(plan, 'drill')).filter(({ rtoSeconds }) => rtoSeconds !== null);
  const newest = drilled
    .map(({ recoveryPoint }) => recoveryPoint ?? '')
    .toSorted()
    .slice(-drilledMax);
  const found: PointHeader[] = [];
  for (const id of new Set(newest)) {
    const point = await catalogue.pointHeader(plan, id);
    if (point !== undefined) found.push(point);
  }
  return found;
}

/** Why a newer point is not launched from. */
async function whyNot({ catalogue }: Services, { plan, id, status, operation, members }: PointHeader): Promise<string> {
  if (status === 'available') return 'it is available, and newer than what was asked for';
  if (status === 'expired') return 'retention has let it go';
  if (status === 'failed') {
    const { cause } = (await catalogue.operation(plan, operation)) ?? {};
    return `it failed: ${cause ?? 'its run did not say why'}`;
  }
  const captured = await catalogue.pointServers(plan, id);
  const volumes = captured.flatMap((server) => Object.values(server.volumes));
  const complete = volumes.filter(({ isComplete }) => isComplete).length;
  return `it is under way: ${captured.length} of ${Object.keys(members).length} servers captured, ${complete} of ${volumes.length} volumes complete in the recovery Region`;
}
