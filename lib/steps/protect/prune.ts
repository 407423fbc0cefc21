import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { deleteSnapshot } from '../../aws/snapshots.ts';
import { nextPoll, type PollResult } from '../../domain/poll.ts';
import { chooseDoomed } from '../../domain/retention.ts';
import type { Services } from '../services.ts';
import type { replicateSchema } from './replicate.ts';

/** Snapshots deleted in one look: DeleteSnapshot refills at 5 a second. @source aws-facts [7.1] */
const deletionsMax = 100;

/** Deletes what retention lets go; snapshots first, then the item, so that nothing is deleted without being recorded (I3, I8). */
export async function prune(services: Services, input: z.infer<typeof replicateSchema>): Promise<PollResult> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const [points, twins] = [await services.catalogue.points(plan.name), await services.catalogue.twins(plan.name)];
  const doomed = chooseDoomed(points, twins, { keepPoints: plan.protection.keepPoints, running: input.operation });
  const deletions = [
    ...doomed.primarySnapshots.map((id) => ({ id, region: plan.primary.region })),
    ...doomed.recoverySnapshots.map((id) => ({ id, region: plan.recovery.region })),
  ];
  for (const { id, region } of deletions.slice(0, deletionsMax))
    await deleteSnapshot(services.client(ec2Client, region), id);
  const isDone = deletions.length <= deletionsMax;
  if (isDone) {
    for (const twin of doomed.twins) await services.catalogue.removeTwin(twin);
    for (const point of doomed.points) await services.catalogue.removePoint(plan.name, point.id);
  }
  return nextPoll(input.poll, isDone, services.now());
}
