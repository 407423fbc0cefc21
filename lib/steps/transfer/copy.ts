import { ec2Client, ec2OnceClient } from '../../aws/clients.ts';
import { copySnapshot, describeSnapshots, findSnapshots } from '../../aws/snapshots.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { snapshotId } from '../../domain/ids.ts';
import { createOnce } from '../operation/create-once.ts';
import type { Services } from '../services.ts';
import type { TransferItem } from './transfer.ts';

/**
 * Has AWS copy all of the snapshot, once however often the step runs: under the key of what was there before. Where that is gone too, an
 * encrypted one comes under the default key of the Region.
 */
export async function copyWhole(services: Services, item: TransferItem, owner: OwnerTags): Promise<string> {
  const { near, far } = item.transfer;
  const home = services.client(ec2Client, far.region);
  return createOnce(services, item, owner.step, {
    made: snapshotId,
    find: async () => (await findSnapshots(home, owner))[0]?.id,
    make: async () => {
      const before = (await describeSnapshots(home, [far.base])).get(far.base);
      const request = { sourceRegion: near.region, sourceSnapshot: near.snapshot, key: before?.key, owner };
      return copySnapshot(services.client(ec2OnceClient, far.region), request);
    },
  });
}
