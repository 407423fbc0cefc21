import { listChangedBlocks, type SnapshotPair } from '../../aws/blocks.ts';
import { ebsClient } from '../../aws/clients.ts';
import { Failure } from '../../domain/failure.ts';
import type { Services } from '../services.ts';

/** How many blocks differ between two snapshots of one lineage in a Region. @throws Failure LineageLost */
export async function countChanged(services: Services, region: string, pair: SnapshotPair): Promise<number> {
  let blocks = 0;
  for await (const _ of listChangedBlocks(services.client(ebsClient, region), pair)) blocks += 1;
  return blocks;
}

/** The same, `undefined` where AWS does not take the two for related. */
export async function countIfRelated(
  services: Services,
  region: string,
  pair: SnapshotPair,
): Promise<number | undefined> {
  try {
    return await countChanged(services, region, pair);
  } catch (error) {
    if (error instanceof Failure && error.code === 'LineageLost') return undefined;
    throw error;
  }
}
