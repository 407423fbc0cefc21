import { describe, expect, it } from 'vitest';
import { choosePoint } from '../../lib/domain/recovery-point.ts';
import { point } from './fixtures.ts';

const points = [point(0), point(20, { status: 'failed' }), point(10), point(30, { status: 'capturing' })];

describe('choosing a recovery point', () => {
  it('I2: takes the newest available point, never a newer incomplete one', () => {
    expect(choosePoint('shop', points, 'latest').startedAt).toBe('2026-01-05T10:10:00.000Z');
  });

  it('takes the newest point that started at or before the asked time', () => {
    expect(choosePoint('shop', points, { asOf: '2026-01-05T10:09:59Z' }).startedAt).toBe('2026-01-05T10:00:00.000Z');
    expect(choosePoint('shop', points, { asOf: '2026-01-05T10:10:00Z' }).startedAt).toBe('2026-01-05T10:10:00.000Z');
  });

  it('takes a point by id', () => {
    expect(choosePoint('shop', points, { id: 'rp-20260105T100000Z-aaaaaa' }).startedAt).toBe(
      '2026-01-05T10:00:00.000Z',
    );
  });

  it('I12: refuses a time before the oldest point, and says which points there are', () => {
    expect(() => choosePoint('shop', points, { asOf: '2026-01-05T09:00:00Z' })).toThrow(
      'Plan shop has no available recovery point as of 2026-01-05T09:00:00Z. The oldest available point started at 2026-01-05T10:00:00.000Z. The newest available point is rp-20260105T101000Z-aaaaaa.',
    );
  });

  it('I12: refuses an unknown id and an incomplete point by their names', () => {
    expect(() => choosePoint('shop', points, { id: 'rp-x' })).toThrow(
      expect.objectContaining({ name: 'UnknownRecoveryPoint' }),
    );
    expect(() => choosePoint('shop', points, { id: 'rp-20260105T102000Z-aaaaaa' })).toThrow(
      expect.objectContaining({ name: 'RecoveryPointNotAvailable' }),
    );
    expect(() => choosePoint('shop', [], 'latest')).toThrow(
      expect.objectContaining({ name: 'RecoveryPointNotAvailable' }),
    );
  });
});
