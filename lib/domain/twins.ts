import type { Twin, VolumeKey } from './catalogue.ts';
import { corrupt } from './corrupt.ts';
import { isByBlocks } from './replication-record.ts';

/**
 * The newest twin of each volume: the pair on which its next delta, in either direction, stands. Epochs and times tell the same order,
 * or one of the two is broken, and which twin is the last cannot be known.
 * @throws Failure CatalogueCorrupt
 */
export function lastTwins(twins: readonly Twin[]): Map<VolumeKey, Twin> {
  const ascending = twins.toSorted((a, b) => a.epoch - b.epoch || a.madeAt.localeCompare(b.madeAt));
  const last = new Map<VolumeKey, Twin>();
  for (const twin of ascending) {
    const before = last.get(twin.volume);
    if (before !== undefined && before.madeAt > twin.madeAt)
      throw corrupt(itemOf(before), `epoch ${before.epoch} contradicts epoch ${twin.epoch} of ${itemOf(twin)}`);
    last.set(twin.volume, twin);
  }
  return last;
}

/** Whether AWS copied it to the recovery Region, and so copies the next one incrementally; after all others a delta can follow. */
export function isNativeCopy({ method, isCopiedHome }: Pick<Twin, 'method' | 'isCopiedHome'>): boolean {
  return !isByBlocks(method) && isCopiedHome === undefined;
}

/**
 * The newest twin of each volume that AWS copied: of a volume whose images go by blocks it is older than the last twin, and only its
 * copy is needed, without which AWS would copy the next one in full [1.6].
 */
export function newestNativeTwins(twins: readonly Twin[]): Map<VolumeKey, Twin> {
  const newest = new Map<VolumeKey, Twin>();
  for (const twin of twins)
    if (isNativeCopy(twin) && twin.madeAt > (newest.get(twin.volume)?.madeAt ?? '')) newest.set(twin.volume, twin);
  return newest;
}

function itemOf({ plan, volume, madeAt }: Twin): string {
  return `PLAN#${plan} / TWIN#${volume}#${madeAt}`;
}
