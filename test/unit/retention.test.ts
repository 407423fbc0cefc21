import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecoveryPoint, Twin } from '../../lib/domain/catalogue.ts';
import type { KeepRules } from '../../lib/domain/plan.ts';
import { applyRetention, neededSnapshots, snapshotsOf } from '../../lib/domain/retention.ts';
import { configuration, point, pointAt, twin, volume } from './fixtures.ts';
import { histories, lived } from './histories.ts';
import { snapshotsNeeded, staysFor } from './retention-oracle.ts';

const none = { latest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 0 };
const keep = (latest: number) => ({
  rules: { ...none, latest },
  running: 'protect-59',
  now: new Date('2026-01-05T11:00:00Z'),
  locked: new Set<string>(),
});

/** What is decided of points that have all been read. */
function decide(
  points: readonly RecoveryPoint[],
  twins: readonly Twin[],
  { locked, ...keeping }: Omit<Parameters<typeof applyRetention>[2], 'lockedPoints'> & { locked: ReadonlySet<string> },
) {
  const lockedPoints = points.filter((one) => snapshotsOf(one).some((id) => locked.has(id))).map(({ id }) => id);
  const found = applyRetention(points, twins, { ...keeping, lockedPoints: new Set(lockedPoints) });
  const { keptPoints, doomedPoints, keptTwins } = found;
  const needed = neededSnapshots({ kept: keptPoints, others: doomedPoints, twins: keptTwins });
  return { ...found, kept: new Set([...locked, ...needed]) };
}

const kept = (...args: Parameters<typeof decide>) => [...decide(...args).kept].toSorted();
const idsOf = (points: readonly { id: string }[]) => points.map(({ id }) => id);

describe('I3: retention', () => {
  it('keeps the newest points and lets older and failed ones go', () => {
    const failed = point(30, { status: 'failed', servers: {} });
    const { doomedPoints } = decide([point(0), point(10), point(20), failed], [], keep(2));
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
    const { kept: found, doomedPoints } = decide(points, [], {
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
    expect(idsOf(decide(points, [], keep(1)).doomedPoints)).toEqual(idsOf([point(10)]));
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
  const { doomedPoints } = decide(points, [], keeping);
  return starts.filter((_, index) => !doomedPoints.some(({ operation }) => operation === `protect-${index}`));
}

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
        const found = decide(points, twins, keeping);
        expect(idsOf(found.doomedPoints)).toEqual(idsOf(points.filter((one) => !stays(one))));
        expect([...found.kept].toSorted()).toEqual(
          [...new Set([...locked, ...snapshotsNeeded(points, twins, stays)])].toSorted(),
        );
        const copied = twins.findLast(({ method }) => method.startsWith('native-'));
        expect(found.doomedTwins).toEqual(twins.filter((one) => one !== twins.at(-1) && one !== copied));
      }),
      { seed: 20260105, numRuns: 2_000 },
    );
  });
});
