import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PointStatus } from '../../lib/domain/catalogue.ts';
import { applyRetention } from '../../lib/domain/retention.ts';
import { configuration, point, twin, volume } from './fixtures.ts';

const keep = (keepPoints: number) => ({ keepPoints, running: 'protect-59' });
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

  it('never lets go what is needed, over random histories', () => {
    const status = fc.constantFrom<PointStatus>('available', 'failed', 'capturing');
    fc.assert(
      fc.property(fc.array(status, { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), (statuses, keepPoints) => {
        const points = statuses.map((each, minute) => point(minute, { status: each }));
        const available = statuses.flatMap((each, minute) => (each === 'available' ? [minute] : []));
        const twins = available.map((minute) => twin(minute));
        const found = applyRetention(points, twins, keep(keepPoints)).kept;
        for (const minute of available.slice(-keepPoints))
          expect(found.has(`snap-p${minute}`) && found.has(`snap-r${minute}`)).toBe(true);
        for (const minute of available.slice(0, -keepPoints)) expect(found.has(`snap-p${minute}`)).toBe(false);
      }),
      { seed: 20260105 },
    );
  });
});
