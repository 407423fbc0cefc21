import type { RecoveryPoint, Twin } from '../../lib/domain/catalogue.ts';
import type { KeepRules } from '../../lib/domain/plan.ts';

/** When the period began in which a moment lies. */
const beginnings = {
  hourly: (at: Date) => new Date(at).setUTCMinutes(0, 0, 0),
  daily: (at: Date) => new Date(at).setUTCHours(0, 0, 0, 0),
  weekly: (at: Date) => {
    const day = new Date(new Date(at).setUTCHours(0, 0, 0, 0));
    while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
    return day.getTime();
  },
  monthly: (at: Date) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth()),
  yearly: (at: Date) => Date.UTC(at.getUTCFullYear(), 0),
};

interface Known {
  readonly rules: KeepRules;
  readonly now: Date;
  readonly running: string;
  readonly locked: ReadonlySet<string>;
}

/**
 * What I3 keeps, told once more and slowly, one point at a time: how many points are newer than this one, whether one of them is of
 * the same period, and how many later periods have points.
 */
export function staysFor({ rules, now, running, locked }: Known, points: readonly RecoveryPoint[]) {
  return (one: RecoveryPoint): boolean => {
    if (one.operation === running || one.pins.length > 0) return true;
    if (one.status !== 'available') return false;
    const { snapshot, copy } = one.servers['web']?.volumes['/dev/xvda'] ?? {};
    if (locked.has(snapshot ?? '') || locked.has(copy ?? '')) return true;
    const newer = points.filter(({ id, status }) => status === 'available' && id > one.id);
    const isYoung = (now.getTime() - Date.parse(one.startedAt)) / 1_000 < rules.minimumAgeSeconds;
    if (newer.length === 0 || newer.length < rules.latest || isYoung) return true;
    return Object.entries(beginnings).some(([name, begins]) => {
      const later = new Set(newer.map(({ startedAt }) => begins(new Date(startedAt))));
      return !later.has(begins(new Date(one.startedAt))) && later.size < rules[name as keyof typeof beginnings];
    });
  };
}

/** Snapshots, in both Regions, that are needed of one volume `web:/dev/xvda`: of points that stay, the last twin, the newest native copy. */
export function snapshotsNeeded(
  points: readonly RecoveryPoint[],
  twins: readonly Twin[],
  stays: (point: RecoveryPoint) => boolean,
): Set<string> {
  const needed = new Set<string>();
  let newestNative: { id: string; copy: string } | undefined;
  let lastTwin: Twin | undefined;
  for (const twin of twins) {
    if (lastTwin === undefined || twin.epoch > lastTwin.epoch) lastTwin = twin;
    if (twin.method.startsWith('native-') && twin.madeAt > (newestNative?.id ?? ''))
      newestNative = { id: twin.madeAt, copy: twin.recoverySnapshot };
  }
  for (const point of points) {
    const volume = point.servers['web']?.volumes['/dev/xvda'];
    if (volume === undefined) continue;
    if (stays(point)) needed.add(volume.snapshot);
    if (volume.copy === null) continue;
    if (stays(point)) needed.add(volume.copy);
    if (volume.isComplete && volume.method?.startsWith('native-') === true && point.id > (newestNative?.id ?? ''))
      newestNative = { id: point.id, copy: volume.copy };
  }
  if (newestNative !== undefined) needed.add(newestNative.copy);
  if (lastTwin !== undefined) needed.add(lastTwin.primarySnapshot).add(lastTwin.recoverySnapshot);
  return needed;
}
