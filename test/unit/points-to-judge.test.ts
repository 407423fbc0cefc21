import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../lib/aws/catalogue.ts';
import type { SnapshotFacts } from '../../lib/aws/snapshots.ts';
import type { PointHeader } from '../../lib/domain/catalogue.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { applyRetention } from '../../lib/domain/retention.ts';
import { pointsToJudge } from '../../lib/steps/protect/points-to-judge.ts';
import { pointAt } from './fixtures.ts';
import { histories, lived } from './histories.ts';

/** A table that counts what is read of it. */
function tableOf(points: readonly PointHeader[]) {
  const reads = { items: 0 };
  const upTo = (last: string) => points.filter(({ id }) => id <= last);
  const read = (found: readonly PointHeader[]) => {
    reads.items += found.length;
    return Promise.resolve([...found]);
  };
  const catalogue = {
    pointHeaders: (_plan: string, last = '~') => read(upTo(last)),
    pointHeadersUntil(_plan: string, isEnough: (point: PointHeader) => boolean, { upTo: last = '~' } = {}) {
      const newestFirst = upTo(last).toReversed();
      const end = newestFirst.findIndex(isEnough);
      return read(end === -1 ? newestFirst : newestFirst.slice(0, end + 1));
    },
    pointHeader: async (_plan: string, id: string) => (await read(points.filter((point) => point.id === id)))[0],
  } as unknown as Catalogue;
  return { catalogue, reads };
}

/** Of a point: one snapshot, and where it was sealed a manifest. */
const snapshotsOf = ({ id, status }: PointHeader) =>
  [{ point: id }, ...(status === 'available' ? [{ point: id, purpose: 'manifest' }] : [])] as SnapshotFacts[];

const planWith = (retention: unknown) => ({ name: 'shop', protection: { retention } }) as unknown as Plan;

describe('I3: the points that a prune reads', () => {
  it('are enough to judge all points of random histories as if every one had been read', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { points, now } = lived(history);
        const { catalogue } = tableOf(points);
        const keeping = { rules: history.rules, running: 'protect-now', now, lockedPoints: new Set<string>() };
        const all = applyRetention(points, [], keeping);
        const plan = planWith(history.rules);
        const { headers, young } = await pointsToJudge(
          { catalogue, now: () => now },
          plan,
          points.flatMap((point) => snapshotsOf(point)),
        );
        const found = applyRetention(headers, [], keeping);
        const ids = (some: readonly PointHeader[]) => some.map(({ id }) => id);
        expect(ids(found.doomedPoints)).toEqual(ids(all.doomedPoints));
        expect([...ids(found.keptPoints), ...young].toSorted()).toEqual(ids(all.keptPoints).toSorted());
      }),
      { seed: 20261129, numRuns: 1_000 },
    );
  });

  it('count the periods of those that are not read', async () => {
    const hours = ['10:30', '11:30', '12:30', '13:30'].map((hour) => new Date(`2026-01-05T${hour}:00Z`));
    const points = hours.map((start, index) => pointAt(start, index));
    const now = new Date('2026-01-05T14:00:00Z');
    const rules = { latest: 0, hourly: 2, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 7_200 };
    const snapshots = points.flatMap((point) => snapshotsOf(point));
    const { headers } = await pointsToJudge({ ...tableOf(points), now: () => now }, planWith(rules), snapshots);
    const keeping = { rules, running: '', now, lockedPoints: new Set<string>() };
    expect(applyRetention(headers, [], keeping).doomedPoints.map(({ id }) => id)).toEqual([
      points[0]?.id,
      points[1]?.id,
    ]);
  });

  it('are few where thousands are kept for their age alone', async () => {
    const every = 300_000;
    const begins = Date.UTC(2026, 0, 1);
    const count = 20_000;
    const points = Array.from({ length: count }, (_, index) => pointAt(new Date(begins + index * every), index));
    const now = new Date(begins + count * every);
    const { catalogue, reads } = tableOf(points);
    const minimumAgeSeconds = (count * every) / 1_000 - 3_000;
    const rules = { latest: 6, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3, minimumAgeSeconds };
    const { headers, young } = await pointsToJudge(
      { catalogue, now: () => now },
      planWith(rules),
      points.flatMap((point) => snapshotsOf(point)),
    );
    // Ten are old enough to go; of the younger ones the newest of each period that is counted.
    expect(headers.length).toBeLessThan(10 + 6 + 24 + 7 + 4 + 12 + 3);
    expect(headers.length + young.size).toBe(count);
    // What lies between two that are looked for is read in passing, two items at a time.
    expect(reads.items).toBeLessThan(200);
  });
});
