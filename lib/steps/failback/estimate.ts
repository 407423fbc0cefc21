import type * as z from 'zod';
import type { FailbackEstimate } from '../../domain/catalogue.ts';
import { estimateFailback, type VolumeDelta } from '../../domain/estimate.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { cutTransfer } from '../transfer/list-blocks.ts';
import { pollSnapshots, takeServingSnapshots } from './serving-snapshots.ts';

export const estimateSchema = contextSchema.extend({ poll: pollSchema });

/** Says in blocks, minutes and dollars what the failback would move, before it moves anything. Its snapshots are round 1's. */
export async function estimate(
  services: Services,
  input: z.infer<typeof estimateSchema>,
): Promise<PollResult & { estimate?: FailbackEstimate }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'estimating' }, services.now());
  const taken = await takeServingSnapshots(services, input, 1);
  if (!taken.isReady) return pollSnapshots(services, input, false, false);
  const deltas: VolumeDelta[] = [];
  for (const { key, snapshot, base } of taken.volumes) {
    const { id, sizeGib } = snapshot;
    const pair = { region: plan.recovery.region, base: base.recoverySnapshot, snapshot: id, sizeGib };
    deltas.push({ volume: key, ...(await cutTransfer(services, pair)) });
  }
  const result = estimateFailback(deltas);
  await services.catalogue.updateOperation(input, { estimate: result });
  return { ...nextPoll(input.poll, true, services.now()), estimate: result };
}
