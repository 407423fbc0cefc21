import type { RecoveryPoint, Twin } from './catalogue.ts';
import { lastTwins } from './twins.ts';

export interface Doomed {
  readonly points: readonly RecoveryPoint[];
  readonly twins: readonly Twin[];
  readonly primarySnapshots: readonly string[];
  readonly recoverySnapshots: readonly string[];
}

/**
 * What retention lets go. Kept (I3): the newest `keepPoints` available points, both sides of the last twin of each volume,
 * points still being captured by `running`. Everything else goes, failed points included.
 */
export function chooseDoomed(
  points: readonly RecoveryPoint[],
  twins: readonly Twin[],
  keep: { readonly keepPoints: number; readonly running: string },
): Doomed {
  const newestFirst = points.toSorted((a, b) => b.id.localeCompare(a.id));
  const keptPoints = new Set([
    ...newestFirst.filter(({ status }) => status === 'available').slice(0, Math.max(1, keep.keepPoints)),
    ...points.filter(({ status, operation }) => status === 'capturing' && operation === keep.running),
  ]);
  const keptTwins = new Set(lastTwins(twins).values());

  const keptVolumes = [...keptPoints].flatMap(volumesOf);
  const kept = new Set([
    ...keptVolumes.flatMap(({ snapshot, copy }) => (copy === null ? [snapshot] : [snapshot, copy])),
    ...[...keptTwins].flatMap((twin) => [twin.primarySnapshot, twin.recoverySnapshot]),
  ]);
  const doomedPoints = points.filter((point) => !keptPoints.has(point));
  const doomedTwins = twins.filter((twin) => !keptTwins.has(twin));
  const primary = [
    ...doomedPoints.flatMap(volumesOf).map(({ snapshot }) => snapshot),
    ...doomedTwins.map((twin) => twin.primarySnapshot),
  ];
  const recovery = [
    ...doomedPoints.flatMap(volumesOf).map(({ copy }) => copy),
    ...doomedTwins.map((twin) => twin.recoverySnapshot),
  ];
  return {
    points: doomedPoints,
    twins: doomedTwins,
    primarySnapshots: [...new Set(primary)].filter((id) => !kept.has(id)),
    recoverySnapshots: [...new Set(recovery)].filter((id) => id !== null).filter((id) => !kept.has(id)),
  };
}

function volumesOf(point: RecoveryPoint) {
  return Object.values(point.servers).flatMap((server) => Object.values(server.volumes));
}
