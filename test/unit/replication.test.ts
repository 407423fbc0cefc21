import { describe, expect, it } from 'vitest';
import { cutUnits } from '../../lib/domain/blocks.ts';
import { estimateFailback } from '../../lib/domain/estimate.ts';
import { nextPoll } from '../../lib/domain/poll.ts';
import type { Twin } from '../../lib/domain/catalogue.ts';
import { chooseMethod, type ReplicationFacts } from '../../lib/domain/replication.ts';
import { twin } from './fixtures.ts';

const key = 'arn:aws:kms:us-west-2:123456789012:key/1';
const plain = { isEncrypted: false, key: undefined };
const encrypted = { isEncrypted: true, key };
const gib = 1024 ** 3;
const deltas = { deltaBytes: [gib, gib, gib], fullBytes: 100 * gib, everySeconds: 3_600, secondsLeft: 5_000 };

function choose(primaryVolume: string, lastTwin: Twin | undefined, change: Partial<ReplicationFacts> = {}) {
  return chooseMethod({ primaryVolume, lastTwin, far: plain, wanted: plain, deltas: undefined, ...change });
}

describe('choosing how a snapshot is replicated', () => {
  const home = twin(0, { method: 'delta', primaryVolume: 'vol-2' });

  it('copies everything when the recovery Region has nothing of the volume', () => {
    expect(choose('vol-1', undefined)).toMatchObject({ method: 'native-full' });
    expect(choose('vol-1', undefined)).not.toHaveProperty('full');
  });
  it('lets AWS copy the increment after a native copy of the same volume', () => {
    expect(choose('vol-1', twin(0)).method).toBe('native-incremental');
    expect(choose('vol-1', twin(0), { far: undefined }).method).toBe('native-incremental');
    expect(choose('vol-1', twin(0), { far: encrypted, wanted: encrypted }).method).toBe('native-incremental');
  });
  it('moves a delta after failback, when the volume was rebuilt from a twin', () => {
    expect(choose('vol-2', home).method).toBe('delta');
  });
  it('copies everything when the volume was replaced by another', () => {
    expect(choose('vol-9', twin(0))).toEqual({
      method: 'native-full',
      reason: 'the last twin belongs to volume vol-1, not to vol-9',
      full: 'unexpected',
    });
    expect(choose('vol-9', twin(0, { primaryVolume: null })).reason).toContain('volume (none)');
  });
  it('copies everything, aloud, when copies are encrypted now and what is there is not: no delta could be written onto it', () => {
    for (const last of [twin(0, { primaryVolume: 'vol-2' }), home])
      expect(choose('vol-2', last, { wanted: { isEncrypted: true, key: undefined } })).toEqual({
        method: 'native-full',
        reason: 'snap-r0 is unencrypted, and copies are encrypted now',
        full: 'unexpected',
      });
  });
  it('copies everything when copies are not encrypted any more, but goes on with deltas, which keep the key of what is there', () => {
    expect(choose('vol-1', twin(0), { far: encrypted })).toMatchObject({ method: 'native-full', full: 'unexpected' });
    expect(choose('vol-2', home, { far: encrypted }).method).toBe('delta');
  });
  it('copies everything when the plan names another key, by whatever method before', () => {
    const other = { isEncrypted: true, key: key.replace(/1$/, '2') };
    const reason = `snap-r0 is under key ${other.key}, and copies are made under ${key} now`;
    for (const last of [twin(0, { primaryVolume: 'vol-2' }), home])
      expect(choose('vol-2', last, { far: other, wanted: encrypted })).toEqual({
        method: 'native-full',
        reason,
        full: 'unexpected',
      });
    expect(choose('vol-2', home, { far: other, wanted: { isEncrypted: true, key: undefined } }).method).toBe('delta');
  });
  it('lets AWS copy everything once, announced, when that pays', () => {
    const choice = choose('vol-2', home, { deltas });
    expect(choice).toMatchObject({ method: 'native-full', full: 'announced' });
    expect(choice.reason).toContain('saves $13.50 in 30 days');
    expect(choose('vol-2', home, { deltas: { ...deltas, deltaBytes: [0, 0, 0] } }).method).toBe('delta');
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
