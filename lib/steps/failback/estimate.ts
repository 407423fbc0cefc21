import type * as z from 'zod';
import { blockBytes } from '../../domain/blocks.ts';
import type { FailbackEstimate } from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { estimateFailback, type VolumeDelta } from '../../domain/estimate.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { cutTransfer } from '../transfer/list-blocks.ts';
import { pollSnapshots, type ServingVolume, takeServingSnapshots } from './serving-snapshots.ts';

export const estimateSchema = contextSchema.extend({ poll: pollSchema });

/** Says volume by volume what the failback would move, take and cost, before it moves anything. Its snapshots are round 1's. */
export async function estimate(
  services: Services,
  input: z.infer<typeof estimateSchema>,
): Promise<PollResult & { estimate?: FailbackEstimate }> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'estimating' }, services.now());
  const taken = await takeServingSnapshots(services, input, 1);
  if (!taken.isReady) return pollSnapshots(services, input, false, false);
  const found = new Map<string, VolumeDelta>();
  await sideBySide(taken.volumes, async ({ key, snapshot, base }) => {
    const { id, sizeGib } = snapshot;
    const pair = { region: plan.recovery.region, base: base.recoverySnapshot, snapshot: id, sizeGib };
    const { units, listedBlocks, method } = await cutTransfer(services, pair);
    const writtenBlocks = Math.ceil((snapshot.fullBytes ?? 0) / blockBytes);
    found.set(key, { volume: key, listedBlocks, method, units: units.length, writtenBlocks });
  });
  const deltas = taken.volumes.flatMap(({ key }) => found.get(key) ?? []);
  const measured = await services.catalogue.phaseTimes(plan.name);
  const result = estimateFailback(deltas, { plan, measured, sinceSeconds: sinceBase(taken.volumes) });
  await services.catalogue.updateOperation(input, { estimate: result });
  return { ...nextPoll(input.poll, true, services.now()), estimate: result };
}

/** How long what serves has been changing: since the youngest base, the shortest of all. */
function sinceBase(volumes: readonly ServingVolume[]): number {
  return Math.min(...volumes.map(({ snapshot, base }) => secondsBetween(base.since, snapshot.startedAt)));
}
