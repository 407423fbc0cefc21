import { describe, expect, it } from 'vitest';
import { joinUnits, shardsOf, stretch } from '../../lib/domain/blocks.ts';
import { nextPoll } from '../../lib/domain/poll.ts';
import type { Twin } from '../../lib/domain/catalogue.ts';
import { chooseMethod, type ReplicationFacts } from '../../lib/domain/replication.ts';
import { newestNativeTwins } from '../../lib/domain/twins.ts';
import { twin } from './fixtures.ts';

const key = 'arn:aws:kms:us-west-2:123456789012:key/1';
const plain = { isEncrypted: false, key: undefined };
const encrypted = { isEncrypted: true, key };
const gib = 1024 ** 3;
const deltas = { deltaBytes: [gib, gib, gib], fullBytes: 100 * gib, everySeconds: 3_600, secondsLeft: 5_000 };

function choose(primaryVolume: string, lastTwin: Twin | undefined, change: Partial<ReplicationFacts> = {}) {
  return chooseMethod({
    primaryVolume,
    lastTwin,
    far: plain,
    lost: undefined,
    wanted: plain,
    formerKeys: [],
    deltas: undefined,
    ...change,
  });
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
  it('moves a delta after a failback for which AWS copied the volume home: nothing there is a copy of what is at home', () => {
    const copied = twin(0, { method: 'native-full', isCopiedHome: true, primaryVolume: 'vol-2' });
    expect(choose('vol-2', copied).method).toBe('delta');
    expect(choose('vol-2', copied, { far: encrypted }).method).toBe('delta');
    expect([...newestNativeTwins([twin(0), { ...copied, madeAt: twin(1).madeAt }]).values()]).toEqual([twin(0)]);
  });
  it('copies everything, aloud, when a side of the twin is gone that blocks would need; an increment needs the copy only', () => {
    expect(choose('vol-2', home, { lost: 'snap-p0' })).toEqual({
      method: 'native-full',
      reason: 'snap-p0, a side of its last twin, is gone',
      full: 'unexpected',
    });
    expect(choose('vol-9', home, { lost: 'snap-r0', deltas: { ...deltas, deltaBytes: [0, 0, 0] } }).method).toBe(
      'native-full',
    );
    expect(choose('vol-1', twin(0), { lost: 'snap-p0' }).method).toBe('native-incremental');
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
  it('copies everything when what is there is under a former key, though nobody knows which one an alias leads to', () => {
    for (const isEncrypted of [true, false])
      expect(
        choose('vol-2', home, { far: encrypted, wanted: { isEncrypted, key: undefined }, formerKeys: [key] }),
      ).toEqual({
        method: 'native-full',
        reason: `snap-r0 is under key ${key}, which is a former one`,
        full: 'unexpected',
      });
  });
  it('lets AWS copy everything once, announced, when that pays', () => {
    const choice = choose('vol-2', home, { deltas });
    expect(choice).toMatchObject({ method: 'native-full', full: 'announced' });
    expect(choice.reason).toContain('saves $13.50 in 30 days');
    expect(choose('vol-2', home, { deltas: { ...deltas, deltaBytes: [0, 0, 0] } }).method).toBe('delta');
  });
});

describe('a volume in the place of another one', () => {
  const home = twin(0, { method: 'delta', primaryVolume: 'vol-2' });
  const quiet = { deltaBytes: [0, 0, 0], fullBytes: 100 * gib, everySeconds: 3_600, secondsLeft: 3_600 };
  const other = (deltas: typeof quiet | undefined, twinOf = home) => choose('vol-9', twinOf, { deltas });

  it('is compared with what is there where that costs less than a full copy and what follows it', () => {
    const choice = other(quiet);
    expect(choice).toMatchObject({ method: 'compare' });
    expect(choice.full).toBeUndefined();
    // aws-facts [9], [9.2]: 204,800 blocks of each side read for $0.003 per 1,000, at $0.016 of functions per 102,400, over $0.02 per GB; nothing differs.
    expect(choice.estimated?.dollars).toBeCloseTo(2 * (204.8 * 0.003 + 2 * 0.016 + 107.3741824 * 0.02), 2);
    expect(choice.estimated?.seconds).toBeCloseTo(204.8);
    expect(choice.reason).toContain('both images are read (100.0 GiB of each, about 4 min, $5.59)');
  });
  it('is copied in full, unexpectedly, where the deltas that follow would cost more, or nobody knows them', () => {
    const busy = { ...quiet, deltaBytes: [gib, gib, gib] };
    for (const deltas of [busy, undefined, { ...quiet, deltaBytes: [0, 0] }])
      expect(other(deltas)).toMatchObject({ method: 'native-full', full: 'unexpected' });
  });
  it('is copied in full where what is there is under another key than is wanted now', () => {
    const far = { isEncrypted: true, key: 'arn:1' };
    const choice = choose('vol-9', home, { deltas: quiet, far, wanted: { isEncrypted: true, key: 'arn:2' } });
    expect(choice).toMatchObject({ method: 'native-full', full: 'unexpected' });
  });
});

describe('cutting changed blocks into units', () => {
  async function* blocks(indexes: readonly number[], from: number) {
    for (const index of indexes) if (index >= from) yield { index };
  }
  async function cutUnits(sizeGib: number, changed: readonly number[], min?: number, max?: number) {
    const found = shardsOf(sizeGib).map((shard) => stretch(blocks(changed, shard.first), shard, min));
    return joinUnits(await Promise.all(found), max);
  }
  it('I4: puts every changed block into exactly one unit', async () => {
    const changed = Array.from({ length: 2_500 }, (_, index) => index * 3);
    const { units, listedBlocks } = await cutUnits(8, changed);
    expect(listedBlocks).toBe(2_500);
    expect(units.map(({ first, last }) => changed.filter((index) => index >= first && index <= last).length)).toEqual([
      1_000, 1_000, 500,
    ]);
    for (const index of changed)
      expect(units.filter(({ first, last }) => index >= first && index <= last)).toHaveLength(1);
  });
  it('I4: makes larger units of more blocks than the payload of a state has room for', async () => {
    const changed = Array.from({ length: 95 }, (_, index) => index + 7);
    const { units } = await cutUnits(8, changed, 10, 4);
    expect(units).toEqual([
      { index: 0, first: 7, last: 36 },
      { index: 1, first: 37, last: 66 },
      { index: 2, first: 67, last: 96 },
      { index: 3, first: 97, last: 101 },
    ]);
  });
  it('I4: lists a large volume by shards, each block in exactly one of them, and the same units come of it', async () => {
    // 16 TiB are 33,554,432 blocks, in 64 shards of 524,288.
    expect(shardsOf(16_384)).toHaveLength(64);
    const edges = [0, 524_287, 524_288, 524_289, 1_048_575, 33_554_431, 33_554_432];
    const many = Array.from({ length: 1_500 }, (_, index) => 2_000_000 + index);
    const changed = [...edges, ...many].toSorted((a, b) => a - b);
    const { units, listedBlocks } = await cutUnits(16_384, changed);
    expect(listedBlocks).toBe(changed.length);
    for (const index of changed)
      expect(units.filter(({ first, last }) => index >= first && index <= last)).toHaveLength(1);
    expect(units.map(({ first }) => first)).toEqual([0, 524_288, 2_000_000, 2_001_000, 33_554_431]);
    expect(units.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  });
  it('makes no unit of no change', async () => {
    expect(await cutUnits(8, [])).toEqual({ units: [], listedBlocks: 0, sharedBlocks: 0 });
  });
});

describe('polling', () => {
  it('waits longer and longer, at most a minute', () => {
    const now = new Date('2026-01-05T10:00:00Z');
    expect([0, 1, 2, 20].map((polls) => nextPoll({ polls }, false, now).waitSeconds)).toEqual([5, 8, 11, 60]);
  });
});
