import {
  type PointHeader,
  type PointVolume,
  type RecoveryPoint,
  type Twin,
  type VolumeKey,
  volumeKey,
} from './catalogue.ts';
import type { KeepRules } from './plan.ts';
import { isByBlocks } from './replication-record.ts';
import { lastTwins, newestNativeTwins } from './twins.ts';

export interface Retention<Point extends PointHeader> {
  readonly keptPoints: readonly Point[];
  readonly doomedPoints: readonly Point[];
  readonly keptTwins: readonly Twin[];
  readonly doomedTwins: readonly Twin[];
}

/** What is known when retention is applied. */
export interface Keeping {
  readonly rules: KeepRules;
  /** The operation under way. */
  readonly running: string;
  readonly now: Date;
  /** Ids of points with a snapshot that nobody may delete now. */
  readonly lockedPoints: ReadonlySet<string>;
}

/**
 * What retention keeps (I3): the available points that a rule of the plan keeps, and always the newest; pinned points; available points of which a snapshot is
 * locked; that of the operation `running` however it stands; the last twin of each volume, and the newest that AWS copied. Everything
 * else goes, failed points included. Points that the rules keep for their age alone may be left out of `points`: see {@link youngSince}.
 */
export function applyRetention<Point extends PointHeader>(
  points: readonly Point[],
  twins: readonly Twin[],
  { rules, running, now, lockedPoints }: Keeping,
): Retention<Point> {
  const available = points.filter(({ status }) => status === 'available').toSorted((a, b) => b.id.localeCompare(a.id));
  const young = youngSince(rules, now);
  const keptPoints = new Set([
    ...available.slice(0, Math.max(1, rules.latest)),
    ...points.filter(({ operation }) => operation === running),
    ...points.filter(({ pins }) => pins.length > 0),
    ...available.filter(({ startedAt }) => Date.parse(startedAt) > young.getTime()),
    ...available.filter(({ id }) => lockedPoints.has(id)),
    ...periods.flatMap(({ count, of }) => newestOfEach(available, of, rules[count])),
  ]);
  const keptTwins = new Set([...lastTwins(twins).values(), ...newestNativeTwins(twins).values()]);
  return {
    keptPoints: points.filter((point) => keptPoints.has(point)),
    doomedPoints: points.filter((point) => !keptPoints.has(point)),
    keptTwins: [...keptTwins],
    doomedTwins: twins.filter((twin) => !keptTwins.has(twin)),
  };
}

/** Available points that started later are kept for their age alone. */
export function youngSince({ minimumAgeSeconds }: KeepRules, now: Date): Date {
  return new Date(now.getTime() - minimumAgeSeconds * 1_000);
}

/**
 * The snapshots, in both Regions, that what is kept needs (I3): those of `kept`, both sides of the last twins, and the newest native copy
 * of each volume, of `others` too: of points that failed for another volume's sake.
 */
export function neededSnapshots({
  kept,
  others,
  twins,
}: {
  readonly kept: readonly RecoveryPoint[];
  readonly others: readonly RecoveryPoint[];
  readonly twins: readonly Twin[];
}): Set<string> {
  const ofTwins = [...lastTwins(twins).values()].flatMap((twin) => [twin.primarySnapshot, twin.recoverySnapshot]);
  return new Set([...kept.flatMap(snapshotsOf), ...ofTwins, ...newestNativeCopies([...kept, ...others], twins)]);
}

/** When the period begins in which a moment lies, by the calendar in UTC: `2026-01-05` is a day or the Monday of a week, `2026` a year. */
export const periods = [
  { count: 'hourly', of: (startedAt: string) => `${startedAt.slice(0, 13)}:00:00Z` },
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
function newestOfEach<Point extends PointHeader>(
  newestFirst: readonly Point[],
  periodOf: (startedAt: string) => string,
  count: number,
): Point[] {
  const newest = new Map<string, Point>();
  for (const point of newestFirst) {
    const period = periodOf(point.startedAt);
    if (!newest.has(period)) newest.set(period, point);
  }
  return [...newest.values()].slice(0, count);
}

function newestNativeCopies(points: readonly RecoveryPoint[], twins: readonly Twin[]): string[] {
  const newest = new Map<VolumeKey, { readonly at: string; readonly copy: string }>();
  const offer = (key: VolumeKey, at: string, copy: string) => {
    if (at > (newest.get(key)?.at ?? '')) newest.set(key, { at, copy });
  };
  for (const [key, { madeAt, recoverySnapshot }] of newestNativeTwins(twins)) offer(key, madeAt, recoverySnapshot);
  for (const point of points)
    for (const [key, { copy, method, isComplete }] of volumesOf(point))
      if (isComplete && !isByBlocks(method) && copy !== null) offer(key, point.id, copy);
  return [...newest.values()].map(({ copy }) => copy);
}

/** Ids of the snapshots of a point, in both Regions. */
export function snapshotsOf(point: RecoveryPoint): string[] {
  return volumesOf(point).flatMap(([, { snapshot, copy }]) => (copy === null ? [snapshot] : [snapshot, copy]));
}

function volumesOf(point: RecoveryPoint): [VolumeKey, PointVolume][] {
  return Object.entries(point.servers).flatMap(([server, { volumes }]) =>
    Object.values(volumes).map((volume): [VolumeKey, PointVolume] => [volumeKey(server, volume.device), volume]),
  );
}
