import type * as z from 'zod';
import type { FailbackEstimate } from '../../domain/estimate-schema.ts';
import { nextPoll, pollSchema } from '../../domain/poll.ts';
import type { MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import { pollSnapshots, takeServingSnapshots } from './serving-snapshots.ts';
import { askOfLost, estimateWays } from './ways-home.ts';

export const estimateSchema = contextSchema.extend({ poll: pollSchema });

/**
 * Says volume by volume what the failback would move, take and cost, before it moves anything. Its snapshots are round 1's. Where lineage is lost and
 * the rest is dearer than the plan allows, a failback asks first.
 */
export async function estimate(
  services: Services,
  input: z.infer<typeof estimateSchema>,
): Promise<MayAsk & { estimate?: FailbackEstimate }> {
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'estimating' }, services.now());
  const taken = await takeServingSnapshots(services, input, 1);
  if (!taken.isReady) return pollSnapshots(services, input, false, false);
  const result = await estimateWays(services, input, taken.volumes);
  await services.catalogue.updateOperation(input, { estimate: result });
  const asking = await askOfLost(services, input, 'lost-lineage', result);
  return asking ?? { ...nextPoll(input.poll, true, services.now()), estimate: result };
}
