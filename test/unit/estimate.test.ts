import { describe, expect, it } from 'vitest';
import { isAnotherRoundNeeded } from '../../lib/domain/estimate.ts';

describe('another round before the cut-over', () => {
  const limits = { pauseLimitSeconds: 400, roundsMax: 4 };
  // 360 s of stopping and starting, and 1,000 blocks a second.
  const long = 41_000;
  const short = 40_000;

  it('is made while the predicted pause is longer than the plan allows', () => {
    expect(isAnotherRoundNeeded({ number: 1, largestBlocks: long }, limits)).toBe(true);
    expect(isAnotherRoundNeeded({ number: 1, largestBlocks: short }, limits)).toBe(false);
  });

  it('is never made beyond the number that the plan allows', () => {
    expect(isAnotherRoundNeeded({ number: 3, largestBlocks: long }, limits)).toBe(true);
    expect(isAnotherRoundNeeded({ number: 4, largestBlocks: long }, limits)).toBe(false);
  });
});
