import { describe, expect, it } from 'vitest';
import { cutUnits } from '../../lib/domain/blocks.ts';
import { estimateFailback } from '../../lib/domain/estimate.ts';
import { nextPoll } from '../../lib/domain/poll.ts';
import { chooseMethod } from '../../lib/domain/replication.ts';
import { twin } from './fixtures.ts';

describe('choosing how a snapshot is replicated', () => {
  it('copies everything when the recovery Region has nothing of the volume', () => {
    expect(chooseMethod('vol-1', undefined).method).toBe('native-full');
  });
  it('lets AWS copy the increment after a native copy of the same volume', () => {
    expect(chooseMethod('vol-1', twin(0)).method).toBe('native-incremental');
  });
  it('moves a delta after failback, when the volume was rebuilt from a twin', () => {
    expect(chooseMethod('vol-2', twin(0, { method: 'delta', primaryVolume: 'vol-2' })).method).toBe('delta');
  });
  it('copies everything when the volume was replaced by another', () => {
    const choice = chooseMethod('vol-9', twin(0));
    expect(choice).toEqual({ method: 'native-full', reason: 'the last twin belongs to volume vol-1, not to vol-9' });
  });
});

describe('cutting changed blocks into units', () => {
  it('I4: puts every changed block into exactly one unit', () => {
    const changed = Array.from({ length: 2_500 }, (_, index) => index * 3);
    const units = cutUnits(changed);
    expect(units.map(({ first, last }) => changed.filter((index) => index >= first && index <= last).length)).toEqual([
      1_000, 1_000, 500,
    ]);
    for (const index of changed)
      expect(units.filter(({ first, last }) => index >= first && index <= last)).toHaveLength(1);
  });
  it('makes no unit of no change', () => {
    expect(cutUnits([])).toEqual([]);
  });
});

describe('the failback estimate', () => {
  it('says what 50 GiB cost and take, as the fact sheet has it', () => {
    const estimate = estimateFailback(new Map([['db:/dev/sdf', 102_400]]));
    expect(estimate.gib).toBe(50);
    // aws-facts 9.2: 0.307 + 0.614 for the API and 1.00 for 50 GiB (taken there as 50 GB) of transfer.
    expect(estimate.dollars).toBeCloseTo(0.307 + 0.614 + 50 * 1.073741824 * 0.02, 2);
  });
});

describe('polling', () => {
  it('waits longer and longer, at most a minute', () => {
    const now = new Date('2026-01-05T10:00:00Z');
    expect([0, 1, 2, 20].map((polls) => nextPoll({ polls }, false, now).waitSeconds)).toEqual([5, 8, 11, 60]);
  });
});
