import { describe, expect, it } from 'vitest';
import { exposureOf, measureEverySeconds, tickDelay } from '../../lib/domain/rpo.ts';
import { point } from './fixtures.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 10, minute));
const failed = (minute: number) => point(minute, { status: 'failed', sealedAt: null });
const exposure = (points: Parameters<typeof exposureOf>[0], minute: number) => exposureOf(points, [], at(minute));
const capturing = (minute: number) => point(minute, { status: 'capturing', sealedAt: null });

describe('the exposure of a plan', () => {
  it('is the age of the newest available point, whatever came after it', () => {
    const points = [capturing(25), failed(20), failed(15), point(10)];
    expect(exposure(points, 30)).toMatchObject({ rpoSeconds: 20 * 60, capturing: 1, failed: 2 });
  });

  it('is of each server the age of its own snapshots', () => {
    const captured = (server: string, minute: number) => ({ server, startedAt: at(minute).toISOString() });
    const servers = [captured('db', 10), captured('web', 12)];
    expect(exposureOf([point(10)], servers, at(30)).rpoSecondsOf).toEqual({ db: 20 * 60, web: 18 * 60 });
  });

  it('is not known while no point is available', () => {
    const unknown = { rpoSeconds: null, rpoSecondsOf: {}, copyAgeSeconds: null, capturing: 0 };
    expect(exposure([], 30)).toEqual({ ...unknown, failed: 0 });
    expect(exposure([failed(20)], 30)).toEqual({ ...unknown, failed: 1 });
  });

  it('tells how long copies have been under way: those of the oldest point', () => {
    expect(exposure([capturing(25), capturing(5)], 30).copyAgeSeconds).toBe(25 * 60);
    expect(exposure([point(5)], 30).copyAgeSeconds).toBeNull();
  });

  it('is never less than nothing, where clocks differ', () => {
    expect(exposure([point(31)], 30).rpoSeconds).toBe(0);
  });
});

describe('measuring', () => {
  it.each([
    ['5 minutes', 5 * 60, 60],
    ['15 minutes', 15 * 60, 60],
    ['59 minutes', 59 * 60, 180],
    ['an hour', 3_600, 240],
    ['75 minutes', 75 * 60, 300],
    ['a day', 86_400, 300],
  ])('of a target of %s is done in whole minutes, one to five', (_, target, seconds) => {
    expect(measureEverySeconds(target)).toBe(seconds);
  });
});

describe('a tick', () => {
  const due = '2026-01-05T10:10:00Z';
  it('is late after more than a minute', () => {
    expect(tickDelay(due, new Date('2026-01-05T10:11:00Z'))).toEqual({ seconds: 60, isLate: false });
    expect(tickDelay(due, new Date('2026-01-05T10:11:01Z'))).toEqual({ seconds: 61, isLate: true });
  });

  it('is in time where clocks differ, and none where a person begins the run', () => {
    expect(tickDelay(due, new Date('2026-01-05T10:09:59Z'))).toEqual({ seconds: 0, isLate: false });
    expect(tickDelay(undefined, at(10))).toBeNull();
  });
});
