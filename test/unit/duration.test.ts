import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../lib/domain/duration.ts';
import { parseSize } from '../../lib/domain/size.ts';

describe('durations', () => {
  it.each([
    ['60 seconds', 60],
    ['1 minute', 60],
    ['15 minutes', 900],
    ['2 hours', 7200],
    ['7 days', 604_800],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '',
    '5',
    '5m',
    '5 minuts',
    '0 minutes',
    '-1 minutes',
    '1.5 hours',
    '5  minutes',
    ' 5 minutes',
    '5 minutes 3 seconds',
  ])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [1, '1 second'],
    [90, '90 seconds'],
    [900, '15 minutes'],
    [5400, '90 minutes'],
    [86_400, '1 day'],
    [0, '0 seconds'],
  ])('shows %i in the largest whole unit', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('sizes', () => {
  it.each([
    ['512 KiB', 524_288],
    ['8 GiB', 8_589_934_592],
    ['1 TiB', 1_099_511_627_776],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['8', '8GB', '8 GB', '0 GiB', '1.5 GiB'])('refuses "%s"', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});
