import { ebsClient, ec2Client } from '../../aws/clients.ts';
import { z } from 'zod';
import { listChangedBlocks } from '../../aws/blocks.ts';
import { deleteSnapshot, describeSnapshots } from '../../aws/snapshots.ts';
import type { FailbackEstimate, VolumeKey } from '../../domain/catalogue.ts';
import { estimateFailback } from '../../domain/estimate.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { takeServingSnapshots } from './serving-snapshots.ts';

export const estimateSchema = contextSchema.extend({ estimateOnly: z.boolean(), poll: pollSchema });

/** Says in blocks, minutes and dollars what the failback would move, before it moves anything. Its snapshots are round 1's. */
export async function estimate(
  services: Services,
  input: z.infer<typeof estimateSchema>,
): Promise<PollResult & { estimate?: FailbackEstimate }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: 'estimating' });
  const taken = await takeServingSnapshots(services, input, 1);
  if (!taken.isReady) return nextPoll(input.poll, false, services.now());
  const changed = new Map<VolumeKey, number>();
  for (const { key, snapshot, base } of taken.volumes) {
    let blocks = 0;
    const pair = { base: base.recoverySnapshot, snapshot: snapshot.id };
    for await (const _ of listChangedBlocks(services.client(ebsClient, plan.recovery.region), pair)) blocks += 1;
    changed.set(key, blocks);
  }
  const result = estimateFailback(changed);
  await services.catalogue.updateOperation(input, { estimate: result });
  if (input.estimateOnly) {
    const ec2 = services.client(ec2Client, plan.recovery.region);
    const left = await describeSnapshots(
      ec2,
      taken.volumes.map(({ snapshot }) => snapshot.id),
    );
    for (const id of left.keys()) await deleteSnapshot(ec2, id);
  }
  return { ...nextPoll(input.poll, true, services.now()), estimate: result };
}
