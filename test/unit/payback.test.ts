import { describe, expect, it } from 'vitest';
import { estimateDelta, estimateFullCopy, paybackOf, paybackText } from '../../lib/domain/payback.ts';

const gib = 1024 ** 3;
/** A volume of 100 GiB, of which each hour changes 1 GiB; the target leaves time. */
const busy = { deltaBytes: [gib, gib, gib], fullBytes: 100 * gib, everySeconds: 3_600, secondsLeft: 5_000 };

describe('what a delta costs and takes', () => {
  it('is, for 50 GiB, what the fact sheet counts', () => {
    const { seconds, dollars } = estimateDelta(50 * gib);
    // aws-facts 9.2: Get 0.307, Put 0.614, functions 0.016, and 53.687 GB of transfer at $0.02; 102 s at least.
    expect(dollars).toBeCloseTo(0.307 + 0.614 + 0.016 + 1.0737, 2);
    expect(seconds).toBeCloseTo(102.4, 1);
  });
});

describe('what a full copy costs and takes', () => {
  it('is transfer, and a month of storing everything twice', () => {
    // 100 GiB are 107.374 GB: $2.147 of transfer, $5.369 of storage.
    const { bytes, seconds, dollars } = estimateFullCopy(100 * gib);
    expect(bytes).toBe(100 * gib);
    expect(dollars).toBeCloseTo(2.147 + 5.369, 2);
    expect(seconds).toBe(1_024);
  });
});

describe('a full copy, so that AWS copies incrementally again', () => {
  it('pays when the deltas of a month cost more than it, transfer apart, which both pay', () => {
    // 720 points of 2,048 blocks: $0.018432 for the API and $0.00032 for functions each.
    const payback = paybackOf(busy);
    expect(payback?.savedDollars).toBeCloseTo(720 * (0.018432 + 0.00032), 2);
    expect(payback?.full.dollars).toBeCloseTo(7.516, 2);
    expect(payback === undefined ? '' : paybackText(payback)).toBe(
      'one full copy (100.0 GiB, about 18 min, $7.52 with a month of its storage) saves $13.50 in 30 days over deltas of 1.0 GiB; from then on AWS copies incrementally',
    );
  });
  it('does not pay for a volume that changes little', () => {
    // A tenth of the change saves $1.35.
    const little = Math.round(gib / 10);
    expect(paybackOf({ ...busy, deltaBytes: [little, little, little] })).toBeUndefined();
    expect(paybackOf({ ...busy, deltaBytes: [0, 0, 0] })).toBeUndefined();
  });
  it('waits for a third delta: one or two may be exceptions', () => {
    expect(paybackOf({ ...busy, deltaBytes: [gib, gib] })).toBeUndefined();
    expect(paybackOf({ ...busy, deltaBytes: [3 * gib, 0, 0] })?.delta.bytes).toBe(gib);
    expect(paybackOf({ ...busy, deltaBytes: [0, 0, 0, 100 * gib] })).toBeUndefined();
  });
  it('waits while it would take longer than the target leaves', () => {
    expect(paybackOf({ ...busy, secondsLeft: 1_023 })).toBeUndefined();
    expect(paybackOf({ ...busy, secondsLeft: 1_024 })).toBeDefined();
  });
  it('tells small sizes in MiB', () => {
    const payback = paybackOf({
      deltaBytes: [524_288, 524_288, 524_288],
      fullBytes: 3 * 1024 ** 2,
      everySeconds: 300,
      secondsLeft: 60,
    });
    expect(payback === undefined ? '' : paybackText(payback)).toContain('over deltas of 0.5 MiB');
  });
});
