import { type PointVolume, type RecoveryPoint, type Twin, type VolumeKey, volumeKey } from './catalogue.ts';
import { lastTwins } from './twins.ts';

export interface Retention {
  /** Ids of the snapshots, in both Regions, that something still needs. */
  readonly kept: ReadonlySet<string>;
  readonly doomedPoints: readonly RecoveryPoint[];
  readonly doomedTwins: readonly Twin[];
}

/**
 * What retention keeps (I3): the newest `keepPoints` available points, pinned ones, that of the operation `running` however it
 * stands, both sides of the last twin of each volume, and the newest native copy of each volume, without which AWS would copy the
 * next one in full [1.6]. Everything else goes, failed points included.
 */
export function applyRetention(
  points: readonly RecoveryPoint[],
  twins: readonly Twin[],
  keep: { readonly keepPoints: number; readonly running: string },
): Retention {
  const newestFirst = points.toSorted((a, b) => b.id.localeCompare(a.id));
  const keptPoints = new Set([
    ...newestFirst.filter(({ status }) => status === 'available').slice(0, Math.max(1, keep.keepPoints)),
    ...points.filter(({ operation }) => operation === keep.running),
    ...points.filter(({ pins }) => pins.length > 0),
  ]);
  const keptTwins = new Set(lastTwins(twins).values());
  const ofPoints = [...keptPoints].flatMap(volumesOf).flatMap(([, { snapshot, copy }]) => [snapshot, copy]);
  const ofTwins = [...keptTwins].flatMap((twin) => [twin.primarySnapshot, twin.recoverySnapshot]);
  return {
    kept: new Set([...ofPoints, ...ofTwins, ...newestNativeCopies(newestFirst)].filter((id) => id !== null)),
    doomedPoints: points.filter((point) => !keptPoints.has(point)),
    doomedTwins: twins.filter((twin) => !keptTwins.has(twin)),
  };
}

/** Also those of points that failed for another volume's sake. */
function newestNativeCopies(newestFirst: readonly RecoveryPoint[]): (string | null)[] {
  const newest = new Map<VolumeKey, string | null>();
  for (const [key, { copy, method, isComplete }] of newestFirst.flatMap(volumesOf)) {
    const isNative = method === 'native-full' || method === 'native-incremental';
    if (isComplete && isNative && !newest.has(key)) newest.set(key, copy);
  }
  return [...newest.values()];
}

function volumesOf(point: RecoveryPoint): [VolumeKey, PointVolume][] {
  return Object.entries(point.servers).flatMap(([server, { volumes }]) =>
    Object.values(volumes).map((volume): [VolumeKey, PointVolume] => [volumeKey(server, volume.device), volume]),
  );
}
