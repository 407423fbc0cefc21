import { type PointVolume, type RecoveryPoint, type Twin, type VolumeKey, volumeKey } from './catalogue.ts';
import type { KeepRules } from './plan.ts';
import { isByBlocks } from './replication-record.ts';
import { lastTwins } from './twins.ts';

export interface Retention {
  /** Ids of the snapshots, in both Regions, that something still needs. */
  readonly kept: ReadonlySet<string>;
  readonly doomedPoints: readonly RecoveryPoint[];
  readonly doomedTwins: readonly Twin[];
}

/** What is known when retention is applied. */
export interface Keeping {
  readonly rules: KeepRules;
  /** The operation under way. */
  readonly running: string;
  readonly now: Date;
  /** Snapshots that nobody may delete now. */
  readonly locked: ReadonlySet<string>;
}

/**
 * What retention keeps (I3): the available points that a rule of the plan keeps, and always the newest; pinned points; available points of which a snapshot is
 * locked; that of the
 * operation `running` however it stands; both sides of the last twin of each volume; and the newest native copy of each volume,
 * without which AWS would copy the next one in full [1.6]. Everything else goes, failed points included.
 */
export function applyRetention(
  points: readonly RecoveryPoint[],
  twins: readonly Twin[],
  { rules, running, now, locked }: Keeping,
): Retention {
  const newestFirst = points.toSorted((a, b) => b.id.localeCompare(a.id));
  const available = newestFirst.filter(({ status }) => status === 'available');
  const youngSince = now.getTime() - rules.minimumAgeSeconds * 1_000;
  const keptPoints = new Set([
    ...available.slice(0, Math.max(1, rules.latest)),
    ...points.filter(({ operation }) => operation === running),
    ...points.filter(({ pins }) => pins.length > 0),
    ...available.filter(({ startedAt }) => Date.parse(startedAt) > youngSince),
    ...available.filter((point) => snapshotsOf(point).some((id) => locked.has(id))),
    ...periods.flatMap(({ count, of }) => newestOfEach(available, of, rules[count])),
  ]);
  const keptTwins = new Set(lastTwins(twins).values());
  const ofPoints = [...keptPoints].flatMap(snapshotsOf);
  const ofTwins = [...keptTwins].flatMap((twin) => [twin.primarySnapshot, twin.recoverySnapshot]);
  return {
    kept: new Set([...locked, ...ofPoints, ...ofTwins, ...newestNativeCopies(newestFirst)]),
    doomedPoints: points.filter((point) => !keptPoints.has(point)),
    doomedTwins: twins.filter((twin) => !keptTwins.has(twin)),
  };
}

/** In which period a moment lies, by the calendar in UTC: `2026-01-05T10` is an hour, `2026-01-05` a day, `2026` a year. */
const periods = [
  { count: 'hourly', of: (startedAt: string) => startedAt.slice(0, 13) },
  { count: 'daily', of: (startedAt: string) => startedAt.slice(0, 10) },
  { count: 'weekly', of: weekOf },
  { count: 'monthly', of: (startedAt: string) => startedAt.slice(0, 7) },
  { count: 'yearly', of: (startedAt: string) => startedAt.slice(0, 4) },
] as const;

/** The date of its Monday. */
function weekOf(startedAt: string): string {
  const day = new Date(startedAt);
  const sinceMonday = (day.getUTCDay() + 6) % 7;
  return new Date(day.setUTCDate(day.getUTCDate() - sinceMonday)).toISOString().slice(0, 10);
}

/** The newest point of each of the newest `count` periods that have one. */
function newestOfEach(
  newestFirst: readonly RecoveryPoint[],
  periodOf: (startedAt: string) => string,
  count: number,
): RecoveryPoint[] {
  const newest = new Map<string, RecoveryPoint>();
  for (const point of newestFirst) {
    const period = periodOf(point.startedAt);
    if (!newest.has(period)) newest.set(period, point);
  }
  return [...newest.values()].slice(0, count);
}

/** Also those of points that failed for another volume's sake. */
function newestNativeCopies(newestFirst: readonly RecoveryPoint[]): string[] {
  const newest = new Map<VolumeKey, string>();
  for (const [key, { copy, method, isComplete }] of newestFirst.flatMap(volumesOf)) {
    if (isComplete && !isByBlocks(method) && copy !== null && !newest.has(key)) newest.set(key, copy);
  }
  return [...newest.values()];
}

function snapshotsOf(point: RecoveryPoint): string[] {
  return volumesOf(point).flatMap(([, { snapshot, copy }]) => (copy === null ? [snapshot] : [snapshot, copy]));
}

function volumesOf(point: RecoveryPoint): [VolumeKey, PointVolume][] {
  return Object.entries(point.servers).flatMap(([server, { volumes }]) =>
    Object.values(volumes).map((volume): [VolumeKey, PointVolume] => [volumeKey(server, volume.device), volume]),
  );
}
