import type { z } from 'zod';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { nextPoll, type PollResult } from '../../domain/poll.ts';
import { applyRetention } from '../../domain/retention.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Services } from '../services.ts';
import type { replicateSchema } from './replicate.ts';

/**
 * Deletes what retention lets go, and what broken operations left behind; snapshots first, then the catalogue's items, so that
 * nothing is deleted without being recorded (I3, I8). What a returned primary held is kept until it is accepted.
 */
export async function prune(services: Services, input: z.infer<typeof replicateSchema>): Promise<PollResult> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const { kept, doomedPoints, doomedTwins } = applyRetention(
    await catalogue.points(plan.name),
    await catalogue.twins(plan.name),
    { keepPoints: plan.protection.keepPoints, running: input.operation },
  );
  const home = new Set(
    (await catalogue.failbacks(plan.name)).filter(({ committedAt }) => committedAt !== null).map(({ id }) => id),
  );
  const isUnneeded = ({ id, operation = '', purpose }: SnapshotFacts) =>
    !kept.has(id) && operation !== input.operation && !(purpose === 'returned-primary' && home.has(operation));
  let isDone = true;
  for (const { region } of [plan.primary, plan.recovery]) {
    const isRegionDone = await sweepSnapshots(services, input, region, isUnneeded);
    isDone &&= isRegionDone;
  }
  if (isDone) {
    for (const twin of doomedTwins) await catalogue.removeTwin(twin);
    for (const point of doomedPoints) await catalogue.removePoint(plan.name, point.id);
  }
  return nextPoll(input.poll, isDone, services.now());
}
