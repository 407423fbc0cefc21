import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PointStatus } from '../../lib/domain/catalogue.ts';
import { chooseDoomed } from '../../lib/domain/retention.ts';
import { point, twin } from './fixtures.ts';

const keep = (keepPoints: number) => ({ keepPoints, running: 'protect-59' });

describe('I3: retention', () => {
  it('keeps the newest points and lets older and failed ones go', () => {
    const points = [point(0), point(10), point(20), point(30, { status: 'failed' })];
    const doomed = chooseDoomed(points, [], keep(2));
    expect(doomed.primarySnapshots.toSorted()).toEqual(['snap-p0', 'snap-p30']);
    expect(doomed.recoverySnapshots.toSorted()).toEqual(['snap-r0', 'snap-r30']);
  });

  it('keeps both sides of the last twin when every point has expired', () => {
    const doomed = chooseDoomed([point(0, { status: 'failed' })], [twin(0)], keep(1));
    expect(doomed.points).toHaveLength(1);
    expect([...doomed.primarySnapshots, ...doomed.recoverySnapshots]).toEqual([]);
  });

  it('lets the sides of an older twin go once a newer one exists', () => {
    const doomed = chooseDoomed([], [twin(0), twin(10)], keep(1));
    expect(doomed.primarySnapshots).toEqual(['snap-p0']);
  });

  it('never deletes what is needed, over random histories', () => {
    const status = fc.constantFrom<PointStatus>('available', 'failed', 'capturing');
    fc.assert(
      fc.property(fc.array(status, { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), (statuses, keepPoints) => {
        const points = statuses.map((each, minute) => point(minute, { status: each }));
        const twins = points.filter((each) => each.status === 'available').map((_, index) => twin(index));
        const doomed = chooseDoomed(points, twins, keep(keepPoints));
        const gone = new Set([...doomed.primarySnapshots, ...doomed.recoverySnapshots]);
        const newest = points
          .map((each, minute) => ({ each, minute }))
          .filter(({ each }) => each.status === 'available')
          .slice(-keepPoints);
        for (const { minute } of newest) expect(gone.has(`snap-p${minute}`) || gone.has(`snap-r${minute}`)).toBe(false);
        const lastTwin = twins.at(-1);
        if (lastTwin !== undefined)
          expect(gone.has(lastTwin.primarySnapshot) || gone.has(lastTwin.recoverySnapshot)).toBe(false);
      }),
      { seed: 20260105 },
    );
  });
});
