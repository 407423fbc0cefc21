import { ec2Client } from '../../aws/clients.ts';
import { deleteSnapshot, findSnapshotsOfPlan, type SnapshotFacts } from '../../aws/snapshots.ts';
import type { Context, Services } from '../services.ts';

/** Snapshots deleted in one go: DeleteSnapshot refills at 5 a second. @source aws-facts [7.1] */
const deletionsMax = 100;

/**
 * Deletes a plan's snapshots in one Region that are `unneeded`, found by their tags, so that one whose answer was lost is found as
 * well (I8). Returns whether none is left; an image may hold one back, which is noted.
 */
export async function sweepSnapshots(
  services: Services,
  context: Context,
  region: string,
  unneeded: (snapshot: SnapshotFacts) => boolean,
): Promise<boolean> {
  const client = services.client(ec2Client, region);
  const doomed = (await findSnapshotsOfPlan(client, context.plan)).filter(unneeded);
  for (const { id } of doomed.slice(0, deletionsMax)) {
    if (await deleteSnapshot(client, id)) continue;
    await services.catalogue.addEvent(
      context.operation,
      services.now(),
      `${id} in ${region} is kept: an image needs it`,
    );
  }
  return doomed.length <= deletionsMax;
}
