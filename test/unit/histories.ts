import fc from 'fast-check';
import type { PointStatus, RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { ReplicationMethod } from '../../lib/domain/replication-record.ts';
import { configuration, pointAt, twin, volume } from './fixtures.ts';

const gapSeconds = fc.oneof(
  fc.integer({ min: 1, max: 900 }),
  fc.integer({ min: 1, max: 7_200 }),
  fc.integer({ min: 1, max: 3 * 86_400 }),
  fc.integer({ min: 1, max: 60 * 86_400 }),
);
const count = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 6 }));

/** Points of months and years, among them failed, pinned and incomplete ones; twins of most; the rules of a plan. */
export const histories = fc.record({
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

export function lived({
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
  const twins = made.flatMap((one, number) =>
    points[number]?.hasTwin === true ? [twin(0, twinChange(one, number, points[number].method))] : [],
  );
  return {
    points: made,
    twins,
    locked: new Set(locked.map((number) => `snap-r${number}`)),
    now: new Date((at + quietSeconds) * 1_000),
  };
}

const twinChange = ({ id }: RecoveryPoint, epoch: number, method: ReplicationMethod) => ({
  madeAt: id,
  method,
  primarySnapshot: `snap-p${epoch}`,
  recoverySnapshot: `snap-r${epoch}`,
  epoch,
});
