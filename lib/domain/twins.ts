import type { Twin, VolumeKey } from './catalogue.ts';

/** The newest twin of each volume: the pair on which its next delta, in either direction, stands. */
export function lastTwins(twins: readonly Twin[]): Map<VolumeKey, Twin> {
  const ascending = twins.toSorted((a, b) => a.epoch - b.epoch || a.madeAt.localeCompare(b.madeAt));
  return new Map(ascending.map((twin) => [twin.volume, twin]));
}
