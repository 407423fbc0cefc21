import { describe, expect, it } from 'vitest';
import { forecastCopy, timedDollarsPerGib, withinMinutes } from '../../lib/domain/native-copy.ts';

const gib = 1024 ** 3;
const minutes = 60;

describe('what a copy by AWS is taken to last', () => {
  it('is, of an incremental one, what the copy before it took', () => {
    // 600 s at 100 MiB/s are 60,000 MiB.
    expect(forecastCopy({ fullBytes: 500 * gib, lastSeconds: 600 })).toEqual({
      bytes: 60_000 * 1024 ** 2,
      seconds: 600,
    });
    expect(forecastCopy({ fullBytes: gib, lastSeconds: 600 }).bytes).toBe(gib);
  });
  it('is, of a full one, what its data take at 100 MiB/s', () => {
    expect(forecastCopy({ fullBytes: 100 * gib, lastSeconds: undefined })).toEqual({
      bytes: 100 * gib,
      seconds: 1_024,
    });
  });
});

describe('the time within which a copy is asked for', () => {
  // 250,000 MiB: as fast as a time-based copy may be, 500 s; as AWS usually does, 2,500 s.
  const copy = { bytes: 250_000 * 1024 ** 2, seconds: 150 * minutes };

  it('is none while a usual copy meets the target', () => {
    expect(withinMinutes(copy, 150 * minutes)).toBeUndefined();
  });
  it('is the longest, and so the cheapest, that meets the target', () => {
    expect(withinMinutes(copy, 149 * minutes)).toBe(135);
    expect(withinMinutes(copy, 120 * minutes)).toBe(120);
    expect(withinMinutes(copy, 119 * minutes)).toBe(105);
  });
  it('is never shorter than the data need at 500 MiB/s, nor than 15 minutes', () => {
    // 1,000,000 MiB need 2,000 s, 33 min 20 s.
    const large = { bytes: 1_000_000 * 1024 ** 2, seconds: 170 * minutes };
    expect(withinMinutes(large, 20 * minutes)).toBe(45);
    expect(withinMinutes(copy, 3 * minutes)).toBe(15);
    expect(withinMinutes(copy, -60 * minutes)).toBe(15);
  });
  it('is none where AWS would not be sooner with it', () => {
    expect(withinMinutes({ bytes: gib, seconds: 15 * minutes }, 10 * minutes)).toBeUndefined();
    expect(withinMinutes({ bytes: gib, seconds: 15 * minutes + 1 }, 10 * minutes)).toBe(15);
  });
  it('is two days at most', () => {
    expect(withinMinutes({ bytes: gib, seconds: 80 * 3_600 }, 70 * 3_600)).toBe(2_880);
    // 100,000,000 MiB need 200,000 s even at 500 MiB/s, more than two days.
    expect(withinMinutes({ bytes: 100_000_000 * 1024 ** 2, seconds: 400_000 }, 3_600)).toBeUndefined();
  });
  it('costs the less the longer it is', () => {
    // aws-facts 1.7
    const prices = [15, 30, 45, 60, 105, 120, 225, 240, 465, 480, 945, 960, 2_880].map(timedDollarsPerGib);
    expect(prices).toEqual([0.02, 0.018, 0.018, 0.016, 0.016, 0.014, 0.014, 0.012, 0.012, 0.01, 0.01, 0.005, 0.005]);
  });
});
