import { type ListedBlock, listBlocksOfBoth, listChangedBlocks, type SnapshotPair } from '../../aws/blocks.ts';
import { ebsClient } from '../../aws/clients.ts';
import { type CutBlocks, cutUnits } from '../../domain/blocks.ts';
import { Failure } from '../../domain/failure.ts';
import type { BlockMethod } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';

/** A pair of snapshots and where it is. */
export interface PlacedPair extends SnapshotPair {
  readonly region: string;
}

/**
 * The blocks that a transfer looks at, in ascending order, from block `first` on: those that AWS lists as changed, or all that one of
 * the two has, to be compared.
 * @throws Failure LineageLost for the changed blocks of two that AWS does not take for related
 */
export function listBlocks(
  { client }: Services,
  pair: PlacedPair,
  method: BlockMethod,
  first = 0,
): AsyncGenerator<ListedBlock> {
  const list = method === 'delta' ? listChangedBlocks : listBlocksOfBoth;
  return list(client(ebsClient, pair.region), pair, first);
}

/** Cuts what a transfer looks at into units: the changed blocks, or all of them where AWS takes the two for unrelated. @source aws-facts [2.6] */
export async function cutTransfer(services: Services, pair: PlacedPair): Promise<CutBlocks & { method: BlockMethod }> {
  const changed = await ifRelated(cutUnits(listBlocks(services, pair, 'delta')));
  if (changed !== undefined) return { ...changed, method: 'delta' };
  return { ...(await cutUnits(listBlocks(services, pair, 'compare'))), method: 'compare' };
}

/** How many blocks differ between two snapshots; `undefined` where AWS does not take the two for related. */
export async function countChanged(services: Services, pair: PlacedPair): Promise<number | undefined> {
  return (await ifRelated(cutUnits(listBlocks(services, pair, 'delta'))))?.listedBlocks;
}

async function ifRelated<Found>(listed: Promise<Found>): Promise<Found | undefined> {
  try {
    return await listed;
  } catch (error) {
    if (error instanceof Failure && error.code === 'LineageLost') return undefined;
    throw error;
  }
}
