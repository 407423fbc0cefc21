import {
  type ListedBlock,
  listBlocksOfBoth,
  listChangedBlocks,
  proveRelated,
  type Reading,
  type SnapshotPair,
} from '../../aws/blocks.ts';
import { ebsClient } from '../../aws/clients.ts';
import { type CutBlocks, joinUnits, shardsOf, stretch, type Stretches } from '../../domain/blocks.ts';
import { Failure } from '../../domain/failure.ts';
import type { BlockMethod } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { listRates, pacerOf } from './pacers.ts';

/** A pair of snapshots and where it is. */
interface PlacedPair extends SnapshotPair {
  readonly region: string;
}

/** With the size of the volume, by which its listing is shared out. */
interface SizedPair extends PlacedPair {
  readonly sizeGib: number;
}

/** Throttled pages are asked for again until then: of the 900 s of the Lambda the rest is for what the step does besides. */
const listSecondsMax = 780;

/**
 * The blocks that a transfer looks at, in ascending order, from block `first` on: those that AWS lists as changed, or all that one of
 * the two has, to be compared.
 * @throws Failure LineageLost for the changed blocks of two that AWS does not take for related
 */
export function listBlocks(
  services: Services,
  { region, base, snapshot }: PlacedPair,
  method: BlockMethod,
  first: number,
): AsyncGenerator<ListedBlock> {
  const list = method === 'delta' ? listChangedBlocks : listBlocksOfBoth;
  return list(services.client(ebsClient, region), { base, snapshot }, { first, send: sender(services, region) });
}

/** Whether AWS can list what changed between the two. */
export async function areRelated(services: Services, { region, base, snapshot }: PlacedPair): Promise<boolean> {
  const ebs = services.client(ebsClient, region);
  const proof = sender(
    services,
    region,
  )(async () => {
    await proveRelated(ebs, { base, snapshot });
    return true;
  });
  return (await ifRelated(proof)) === true;
}

/** Pages at the pace that AWS takes. */
function sender(services: Services, region: string): Reading['send'] {
  const pacer = pacerOf(services, `list ${region}`, listRates);
  const until = new Date(services.now().getTime() + listSecondsMax * 1_000);
  return (page) => pacer.send(page, until);
}

/** Cuts what a transfer looks at into units: the changed blocks, or all of them where AWS takes the two for unrelated. @source aws-facts [2.6] */
export async function cutTransfer(services: Services, pair: SizedPair): Promise<CutBlocks & { method: BlockMethod }> {
  const changed = await ifRelated(cut(services, pair, 'delta'));
  if (changed !== undefined) return { ...changed, method: 'delta' };
  return { ...(await cut(services, pair, 'compare')), method: 'compare' };
}

/** How many blocks differ between two snapshots; `undefined` where AWS does not take the two for related. */
export async function countChanged(services: Services, pair: SizedPair): Promise<number | undefined> {
  return (await ifRelated(cut(services, pair, 'delta')))?.listedBlocks;
}

async function cut(services: Services, pair: SizedPair, method: BlockMethod): Promise<CutBlocks> {
  const found: Stretches[] = [];
  await sideBySide(shardsOf(pair.sizeGib).entries(), async ([position, shard]) => {
    found[position] = await stretch(listBlocks(services, pair, method, shard.first), shard);
  });
  return joinUnits(found);
}

async function ifRelated<Found>(listed: Promise<Found>): Promise<Found | undefined> {
  try {
    return await listed;
  } catch (error) {
    if (error instanceof Failure && error.code === 'LineageLost') return undefined;
    throw error;
  }
}
