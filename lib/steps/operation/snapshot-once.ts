import { ec2Client, ec2OnceClient } from '../../aws/clients.ts';
import {
  describeSnapshots,
  findSnapshots,
  type SnapshotFacts,
  snapshotFactsSchema,
  snapshotInstance,
} from '../../aws/snapshots.ts';
import * as z from 'zod';
import type { InstanceFacts } from '../../aws/instances.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import type { Context, Services } from '../services.ts';
import { createOnce, notKnownYet } from './create-once.ts';

const setSchema = z.array(snapshotFactsSchema);

/**
 * Snapshots all volumes of an instance at one moment, once per step; gives them as they are now. One set has one start time;
 * after a lost answer AWS may show some of its members before the others.
 */
export async function snapshotOnce(
  services: Services,
  context: Context,
  region: string,
  { instance, owner }: { instance: Pick<InstanceFacts, 'id' | 'volumes'>; owner: OwnerTags },
): Promise<SnapshotFacts[]> {
  const client = services.client(ec2Client, region);
  const made = await createOnce(services, context, owner.step, {
    made: setSchema,
    async find(isVisible) {
      const found = await findSnapshots(client, owner);
      const set = found.filter(({ startedAt }) => startedAt === found[0]?.startedAt);
      if (set.length > 0 && set.length < instance.volumes.length && !isVisible) throw notKnownYet(owner.step);
      return set.length === 0 ? undefined : set;
    },
    make: () => snapshotInstance(services.client(ec2OnceClient, region), instance.id, owner),
    tell: (set) => note(services, region, owner, set),
  });
  const present = await describeSnapshots(
    client,
    made.map(({ id }) => id),
  );
  return made.map((snapshot) => present.get(snapshot.id) ?? snapshot);
}

/** For the evidence of the operation. Of a recovery point the point itself says it. */
async function note(
  services: Services,
  region: string,
  { operation, server, purpose }: OwnerTags,
  set: readonly SnapshotFacts[],
): Promise<void> {
  const made = set.map(({ id }) => id);
  const more = { made, region, ...(server === undefined ? {} : { server }) };
  const text = `${purpose} of ${server ?? 'a server'} is ${made.join(', ')}`;
  if (purpose !== 'recovery-point') await services.catalogue.addEvent(operation, services.now(), text, more);
}
