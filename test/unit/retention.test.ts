import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PointStatus, RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { KeepRules } from '../../lib/domain/plan.ts';
import type { ReplicationMethod } from '../../lib/domain/replication-record.ts';
import { applyRetention } from '../../lib/domain/retention.ts';
import { configuration, point, pointAt, twin, volume } from './fixtures.ts';
import { snapshotsNeeded, staysFor } from './retention-oracle.ts';

const none = { latest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 0 };
const keep = (latest: number) => ({
  rules: { ...none, latest },
  running: 'protect-59',
  now: new Date('2026-01-05T11:00:00Z'),
  locked: new Set<string>(),
});
const kept = (...args: Parameters<typeof applyRetention>) => [...applyRetention(...args).kept].toSorted();
const idsOf = (points: readonly { id: string }[]) => points.map(({ id }) => id);

describe('I3: retention', () => {
  it('keeps the newest points and lets older and failed ones go', () => {
    const failed = point(30, { status: 'failed', servers: {} });
    const { doomedPoints } = applyRetention([point(0), point(10), point(20), failed], [], keep(2));
    expect(idsOf(doomedPoints)).toEqual(idsOf([point(0), failed]));
    expect(kept([point(0), point(10), point(20), failed], [], keep(2))).toEqual([
      'snap-p10',
      'snap-p20',
      'snap-r10',
      'snap-r20',
    ]);
  });

  it('keeps the newest available point even if a newer one failed', () => {
    const points = [point(0), point(10, { status: 'failed', servers: {} })];
    expect(kept(points, [], keep(1))).toEqual(['snap-p0', 'snap-r0']);
  });

  it('keeps a point from which servers were launched, however old', () => {
    const points = [point(0, { pins: ['failover-1'] }), point(10), point(20)];
    expect(kept(points, [], keep(1))).toEqual(['snap-p0', 'snap-p20', 'snap-r0', 'snap-r20']);
  });

  it('keeps a point with a snapshot that nobody may delete whole, and of one that has expired only that snapshot', () => {
    const points = [point(0), point(10, { status: 'expired' }), point(20)];
    const { kept: found, doomedPoints } = applyRetention(points, [], {
      ...keep(1),
      locked: new Set(['snap-r0', 'snap-r10']),
    });
    expect(idsOf(doomedPoints)).toEqual(idsOf([point(10)]));
    expect([...found].toSorted()).toEqual(['snap-p0', 'snap-p20', 'snap-r0', 'snap-r10', 'snap-r20']);
  });

  it('keeps what the running operation captures, and not what a dead one captured', () => {
    const points = [
      point(0, { status: 'capturing', operation: 'protect-59' }),
      point(10, { status: 'capturing', operation: 'protect-10', servers: {} }),
    ];
    expect(idsOf(applyRetention(points, [], keep(1)).doomedPoints)).toEqual(idsOf([point(10)]));
  });

  it('keeps both sides of the last twin when every point has expired', () => {
    expect(kept([], [twin(0)], keep(1))).toEqual(['snap-p0', 'snap-r0']);
  });

  it('lets the sides of an older twin go once a newer one exists', () => {
    expect(kept([], [twin(10), twin(0)], keep(1))).toEqual(['snap-p10', 'snap-r10']);
  });

  it('keeps the newest native copy of a failed point, so that AWS copies the next one incrementally', () => {
    const volumes = { '/dev/xvda': volume({ copy: 'snap-r10' }) };
    const failed = point(10, { status: 'failed', servers: { web: { configuration, startedAt: '', volumes } } });
    expect(kept([point(0), failed], [], keep(1))).toContain('snap-r10');
  });

  it('does not take a copy that did not complete for the newest', () => {
    const volumes = { '/dev/xvda': volume({ copy: 'snap-r10', isComplete: false }) };
    const failed = point(10, { status: 'failed', servers: { web: { configuration, startedAt: '', volumes } } });
    expect(kept([point(0), failed], [], keep(1))).not.toContain('snap-r10');
  });
});

/** Those of the moments, given in their order, whose points stay. */
function keptOf(starts: readonly string[], rules: Partial<KeepRules>): string[] {
  const points = starts.map((start, index) => pointAt(new Date(start), index));
  const keeping = { ...keep(0), rules: { ...none, ...rules }, now: new Date(starts.at(-1) ?? '') };
  const { doomedPoints } = applyRetention(points, [], keeping);
  return starts.filter((_, index) => !doomedPoints.some(({ operation }) => operation === `protect-${index}`));
}

const gapSeconds = fc.oneof(
  fc.integer({ min: 1, max: 900 }),
  fc.integer({ min: 1, max: 7_200 }),
  fc.integer({ min: 1, max: 3 * 86_400 }),
  fc.integer({ min: 1, max: 60 * 86_400 }),
);
const count = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 6 }));

/** Points of months and years, among them failed, pinned and incomplete ones; twins of most; the rules of a plan. */
const histories = fc.record({
  begins: fc.integer({ min: Date.UTC(2019, 0) / 1_000, max: Date.UTC(2026, 0) / 1_000 }),
  points: fc.array(
    fc.record({
      gapSeconds,
      status: fc.constantFrom<PointStatus>('available', 'available', 'available', 'failed'),
      isPinned: fc.integer({ max: 9, min: 0 }).map((of) => of === 0),
      method: fc.constantFrom<ReplicationMethod>('native-incremental', 'native-full', 'delta', 'compare'),
      hasTwin: fc.boolean(),
    }),
    { maxLength: 40 },
  ),
  isRunning: fc.boolean(),
  locked: fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 3 }),
  quietSeconds: gapSeconds,
  rules: fc.record({
    latest: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    minimumAgeSeconds: fc.oneof(fc.constant(0), gapSeconds),
  }),
});

function lived({
  begins,
  points,
  isRunning,
  locked,
  quietSeconds,
}: typeof histories extends fc.Arbitrary<infer H> ? H : never) {
  let at = begins;
  const made = points.map(({ gapSeconds: gap, status, isPinned, method }, number) => {
    at += gap;
    const isLast = isRunning && number === points.length - 1;
    const one = pointAt(new Date(at * 1_000), number, { status, pins: isPinned ? ['failover-1'] : [] });
    const isComplete = status === 'available' && !isLast;
    const only = volume({ snapshot: `snap-p${number}`, copy: `snap-r${number}`, method, isComplete });
    const servers = { web: { configuration, startedAt: one.startedAt, volumes: { '/dev/xvda': only } } };
    return isLast ? { ...one, servers, status: 'capturing' as const, operation: 'protect-now' } : { ...one, servers };
  });
  const twins = made.flatMap((one, number) => (points[number]?.hasTwin ? [twin(0, twinChange(one, number))] : []));
  return {
    points: made,
    twins,
    locked: new Set(locked.map((number) => `snap-r${number}`)),
    now: new Date((at + quietSeconds) * 1_000),
  };
}

const twinChange = ({ id }: RecoveryPoint, epoch: number) => ({
  madeAt: id,
  primarySnapshot: `snap-p${epoch}`,
  recoverySnapshot: `snap-r${epoch}`,
  epoch,
});

describe('I3: the rules of a plan', () => {
  it('keep the newest point of each hour and of each day; periods without a point do not count', () => {
    const [saturday, early, sunday] = ['2026-01-03T23:50:00Z', '2026-01-04T22:30:00Z', '2026-01-04T22:59:59Z'];
    const [before, last] = ['2026-01-05T04:10:00Z', '2026-01-05T04:20:00Z'];
    const starts = [saturday, early, sunday, before, last];
    expect(keptOf(starts, { hourly: 2 })).toEqual([sunday, last]);
    expect(keptOf(starts, { daily: 2 })).toEqual([sunday, last]);
    expect(keptOf(starts, { daily: 3 })).toEqual([saturday, sunday, last]);
  });

  it('begin weeks on Monday, whichever month and year their days are of', () => {
    const [sunday, monday, newYear] = ['2025-12-28T23:59:59Z', '2025-12-29T00:00:00Z', '2026-01-01T12:00:00Z'];
    const [nextSunday, nextMonday] = ['2026-01-04T23:00:00Z', '2026-01-05T00:00:00Z'];
    const starts = [sunday, monday, newYear, nextSunday, nextMonday];
    expect(keptOf(starts, { weekly: 9 })).toEqual([sunday, nextSunday, nextMonday]);
    expect(keptOf(starts, { monthly: 9 })).toEqual([monday, nextMonday]);
    expect(keptOf(starts, { yearly: 9 })).toEqual([monday, nextMonday]);
  });

  it('keep every point that is younger than the minimum age', () => {
    const starts = ['2026-01-05T09:00:00Z', '2026-01-05T09:00:01Z', '2026-01-05T09:30:00Z', '2026-01-05T10:00:00Z'];
    expect(keptOf(starts, { minimumAgeSeconds: 3_600 })).toEqual(starts.slice(1));
  });

  it('are added to each other: what one of them keeps stays', () => {
    const starts = ['2024-06-01T10:00:00Z', '2025-06-01T10:00:00Z', '2025-06-01T11:00:00Z', '2025-06-01T12:00:00Z'];
    expect(keptOf(starts, { latest: 2, yearly: 2 })).toEqual([starts[0], starts[2], starts[3]]);
  });

  it('always leave the newest point', () => {
    expect(keptOf(['2026-01-05T09:00:00Z', '2026-01-05T10:00:00Z'], {})).toEqual(['2026-01-05T10:00:00Z']);
  });

  it('keep in random histories what a slow reading of the promise keeps, with its snapshots, and nothing else', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const { points, twins, now, locked } = lived(history);
        const keeping = { rules: history.rules, running: 'protect-now', now, locked };
        const stays = staysFor(keeping, points);
        const found = applyRetention(points, twins, keeping);
        expect(idsOf(found.doomedPoints)).toEqual(idsOf(points.filter((one) => !stays(one))));
        expect([...found.kept].toSorted()).toEqual(
          [...new Set([...locked, ...snapshotsNeeded(points, twins, stays)])].toSorted(),
        );
        expect(found.doomedTwins).toEqual(twins.slice(0, -1));
      }),
      { seed: 20260105, numRuns: 2_000 },
    );
  });
});
