import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAnswer,
  afterSending,
  afterThrottling,
  beginPace,
  type Pace,
  waitMs,
} from '../../lib/domain/block-pace.ts';

interface World {
  /** What AWS takes a second, from a bucket that holds one second's worth; a function of the second. */
  readonly limit: (second: number) => number;
  readonly workers: number;
  readonly first: number;
  readonly seconds: number;
  readonly latencyMs?: number;
}

/** Workers that always have more to send, 64 at a time, beside a token bucket that they know nothing of. Counts from second `from` on. */
function play({ limit, workers, first, seconds, latencyMs = 100 }: World, from = 0) {
  const paces = Array.from({ length: workers }, () => ({ pace: beginPace(first, 0), underWay: 0, taken: 0 }));
  const due = new Map<number, { worker: (typeof paces)[number]; sentMs: number; isTaken: boolean }[]>();
  let tokens = limit(0);
  const counted = { taken: 0, throttled: 0, share: 0 };
  for (let ms = 0; ms < seconds * 1_000; ms += 1) {
    const perSecond = limit(ms / 1_000);
    tokens = Math.min(perSecond, tokens + perSecond / 1_000);
    for (const { worker, sentMs, isTaken } of due.get(ms) ?? []) {
      worker.underWay -= 1;
      worker.pace = isTaken ? afterAnswer(worker.pace, ms, 1_000) : afterThrottling(worker.pace, sentMs, ms);
    }
    due.delete(ms);
    // Nobody is always first at the bucket.
    for (const worker of [...paces.slice(ms % workers), ...paces.slice(0, ms % workers)])
      while (worker.underWay < 64 && waitMs(worker.pace, ms) === 0) {
        const isTaken = tokens >= 1;
        if (isTaken) tokens -= 1;
        if (ms >= from * 1_000) counted[isTaken ? 'taken' : 'throttled'] += 1;
        worker.pace = afterSending(worker.pace, ms);
        worker.underWay += 1;
        worker.taken += isTaken ? 1 : 0;
        due.set(ms + latencyMs, [...(due.get(ms + latencyMs) ?? []), { worker, sentMs: ms, isTaken }]);
      }
  }
  const each = paces.map(({ taken }) => taken);
  const ideal = Array.from({ length: seconds - from }, (_, second) => limit(from + second)).reduce((a, b) => a + b, 0);
  return {
    used: counted.taken / ideal,
    throttled: counted.throttled / (counted.taken + counted.throttled),
    spread: Math.max(...each) / Math.min(...each),
  };
}

describe('the pace of the block calls', () => {
  it.each([
    { limit: 100, workers: 1, first: 50, latencyMs: 30 },
    { limit: 100, workers: 1, first: 50, latencyMs: 130 },
    { limit: 300, workers: 1, first: 50, latencyMs: 100 },
    { limit: 300, workers: 3, first: 50, latencyMs: 10 },
    { limit: 1_000, workers: 3, first: 50, latencyMs: 100 },
    { limit: 1_000, workers: 10, first: 50, latencyMs: 100 },
    { limit: 500, workers: 10, first: 50, latencyMs: 100 },
  ])('takes 95 % of what AWS lets through at 1 % throttled, untold: %o', ({ limit, ...world }) => {
    const { used, throttled } = play({ ...world, limit: () => limit, seconds: 180 });
    expect(used).toBeGreaterThan(0.95);
    expect(throttled).toBeLessThan(0.01);
  });

  it('finds a limit that falls to a tenth, and comes back to it when it rises again', () => {
    const limit = (second: number) => (second >= 60 && second < 180 ? 100 : 1_000);
    const world = { limit, workers: 10, first: 50, seconds: 300 };
    const { throttled } = play(world);
    expect(throttled).toBeLessThan(0.03);
    expect(play({ ...world, seconds: 180 }, 70).used).toBeGreaterThan(0.95);
    expect(play(world, 240).used).toBeGreaterThan(0.9);
  });

  it('leaves no worker behind: ten that share a limit get parts of a kind', () => {
    expect(play({ limit: () => 500, workers: 10, first: 50, seconds: 300 }).spread).toBeLessThan(2.5);
  });

  it('never stands still, never goes faster than it may, and slows down once for what was under way together', () => {
    const step = fc.record({ isThrottled: fc.boolean(), waitedMs: fc.integer({ min: 0, max: 5_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 1_000 }), (steps, first) => {
        let pace: Pace = beginPace(first, 0);
        let ms = 0;
        for (const { isThrottled, waitedMs } of steps) {
          const sentMs = ms;
          pace = afterSending(pace, ms);
          ms += waitedMs;
          const before = pace.perSecond;
          pace = isThrottled ? afterThrottling(pace, sentMs, ms) : afterAnswer(pace, ms, 1_000);
          expect(pace.perSecond).toBeGreaterThanOrEqual(Math.min(1, first));
          expect(pace.perSecond).toBeLessThanOrEqual(1_000);
          if (isThrottled) {
            expect(pace.perSecond).toBeLessThanOrEqual(before);
            expect(afterThrottling(pace, sentMs, ms + 10)).toEqual(pace);
          } else expect(pace.perSecond).toBeGreaterThanOrEqual(before);
          expect(waitMs(pace, ms)).toBeLessThanOrEqual(2_000 + 1_000 * steps.length);
        }
      }),
    );
  });
});
