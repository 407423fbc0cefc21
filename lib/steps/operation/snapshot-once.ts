import { ec2Client, ec2OnceClient } from '../../aws/clients.ts';
import {
  describeSnapshots,
  findSnapshots,
  type SnapshotFacts,
  snapshotFactsSchema,
  snapshotInstance,
} from '../../aws/snapshots.ts';
import { z } from 'zod';
import type { OwnerTags } from '../../aws/tags.ts';
import type { Context, Services } from '../services.ts';
import { createOnce } from './create-once.ts';

/** Snapshots all volumes of an instance at one moment, once per step; gives them as they are now. One set has one start time. */
export async function snapshotOnce(
  services: Services,
  context: Context,
  region: string,
  { instance, owner }: { instance: string; owner: OwnerTags },
): Promise<SnapshotFacts[]> {
  const client = services.client(ec2Client, region);
  const made = await createOnce(services, context, owner.step, {
    made: z.array(snapshotFactsSchema),
    async find() {
      const found = await findSnapshots(client, owner);
      const set = found.filter(({ startedAt }) => startedAt === found[0]?.startedAt);
      return set.length === 0 ? undefined : set;
    },
    make: () => snapshotInstance(services.client(ec2OnceClient, region), instance, owner),
  });
  const present = await describeSnapshots(
    client,
    made.map(({ id }) => id),
  );
  return made.map((snapshot) => present.get(snapshot.id) ?? snapshot);
}
