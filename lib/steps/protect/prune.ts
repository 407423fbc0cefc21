import type { z } from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { findLockedSnapshots } from '../../aws/locks.ts';
import { manifestPurpose } from '../../aws/manifests.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { hasCommands } from '../../domain/consistency.ts';
import { doubtOf } from '../../domain/doubt.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type PollResult, pollingSeconds } from '../../domain/poll.ts';
import { applyRetention } from '../../domain/retention.ts';
import { lastTwins } from '../../domain/twins.ts';
import { metrics } from '../../names.ts';
import { publish } from '../operation/publish.ts';
import { visibleWithinSeconds } from '../operation/create-once.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Services } from '../services.ts';
import type { replicateSchema } from './look.ts';
import { stillFrozen } from './thaw.ts';

/** `frozen`: servers that the run froze and that are not known to be thawed, as it comes to its end. */
export type PruneResult = PollResult & { readonly frozen?: readonly string[] };

/**
 * Deletes what retention lets go, and what broken operations left behind (I3, I8). A point that goes is marked before the first of its
 * snapshots is deleted, so that none is recovered from by halves (I2), and its item is removed after the last. What a returned primary
 * held is kept until it is accepted, a manifest as long as something that it describes. Where the table and
 * the tags of the snapshots contradict each other nothing is deleted, and that is noted.
 */
export async function prune(services: Services, input: z.infer<typeof replicateSchema>): Promise<PruneResult> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const points = await catalogue.points(plan.name);
  const twins = await catalogue.twins(plan.name);
  const locked = await lockedOf(services, plan);
  const keeping = { rules: plan.protection.retention, running: input.operation, now: services.now(), locked };
  const { kept, doomedPoints, doomedTwins } = applyRetention(points, twins, keeping);
  for (const point of doomedPoints)
    if (point.status === 'available' && !(await catalogue.expirePoint(point)))
      return nextPoll(input.poll, false, services.now());
  const known = {
    keptPoints: points.filter((point) => !doomedPoints.includes(point)),
    doomedPoints: new Set(doomedPoints.map(({ id }) => id)),
    lastTwins: [...lastTwins(twins).values()],
  };
  const final = (await catalogue.moves(plan.name)).filter(({ committedAt }) => committedAt !== null);
  const home = new Set(final.filter(({ kind }) => kind === 'failback').map(({ id }) => id));
  const makers = [...known.keptPoints, ...known.lastTwins].map(({ operation }) => operation);
  const described = new Set([...makers, ...final.map(({ id }) => id)]);
  // What a broken run made and could not record goes in its own prune already.
  const isBroken = points.some(({ operation, status }) => operation === input.operation && status === 'failed');
  const isUnneeded = ({ id, operation = '', purpose, state }: SnapshotFacts) =>
    !kept.has(id) &&
    (operation !== input.operation || isBroken || state === 'error') &&
    !(purpose === 'returned-primary' && home.has(operation)) &&
    !(purpose === manifestPurpose && described.has(operation));
  const makerOf = remembering((id) => catalogue.operation(plan.name, id));
  let isDone = true;
  const pointsLeft = new Set<string | undefined>();
  for (const side of ['primary', 'recovery'] as const) {
    const { region } = plan[side];
    const swept = await sweepSnapshots(services, input, region, async (snapshot, present) => {
      if (!isUnneeded(snapshot)) return false;
      const doubt = doubtOf(snapshot, { ...known, side, present, maker: await makerOf(snapshot.operation ?? '') });
      if (doubt !== undefined)
        await catalogue.addEvent(input.operation, services.now(), `${snapshot.id} in ${region} is kept: ${doubt}`);
      return doubt === undefined;
    });
    isDone &&= swept.isDone;
    for (const { point } of swept.left) pointsLeft.add(point);
  }
  // What it made at its end may not be described yet. @source aws-facts [7.4]
  isDone &&= !isBroken || pollingSeconds(input.poll, services.now()) >= visibleWithinSeconds;
  if (isDone) {
    for (const twin of doomedTwins) await catalogue.removeTwin(twin);
    for (const { id } of doomedPoints) if (!pointsLeft.has(id)) await catalogue.removePoint(plan.name, id);
    const available = known.keptPoints.filter(({ status }) => status === 'available').length;
    await publish(services, { plan: plan.name, step: 'protect/prune' }, [
      { metric: metrics.pointsAvailable, value: available },
    ]);
  }
  const next = nextPoll(input.poll, isDone, services.now());
  if (!isDone || !hasCommands(plan)) return next;
  const frozen = await stillFrozen(services, plan.name, input.operation);
  return frozen.length === 0 ? next : { ...next, frozen: frozen.map(({ server }) => server) };
}

/** In both Regions. */
async function lockedOf({ client }: Services, { primary, recovery }: Plan): Promise<Set<string>> {
  const found = await Promise.all(
    [primary, recovery].map(({ region }) => findLockedSnapshots(client(ec2Client, region))),
  );
  return new Set(found.flatMap((ids) => [...ids]));
}

/** Asks once for each name: the snapshots of one operation are many. */
function remembering<Value>(ask: (name: string) => Promise<Value>): (name: string) => Promise<Value> {
  const answers = new Map<string, Promise<Value>>();
  return (name) => {
    const answer = answers.get(name) ?? ask(name);
    answers.set(name, answer);
    return answer;
  };
}
