import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  ask,
  away,
  BlockCloud,
  blockOf,
  copyOf,
  home,
  minutes,
  placeShop,
  seconds,
  sha256,
  snapshotOf,
  volumeFrom,
} from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
beforeEach(() => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
});

const refusal = (code: string, Reason: string) => expect.objectContaining({ code, fields: { Reason } });

const changedBetween = (first: string, second: string, region = home, more: object = {}) =>
  ask(cloud.ebs(region), 'ListChangedBlocks', { FirstSnapshotId: first, SecondSnapshotId: second, ...more });

const get = (snapshot: string, index: number, token: string | undefined, region = home): Promise<Answer> =>
  cloud.within(
    ask(cloud.ebs(region), 'GetSnapshotBlock', { SnapshotId: snapshot, BlockIndex: index, BlockToken: token }),
  );

const unrelated = refusal('ValidationException', 'UNRELATED_SNAPSHOTS');

describe('changed blocks', () => {
  it('name the side on which a block exists: changed, new, vanished', async () => {
    const before = await snapshotOf(cloud, shop.data);
    shop.ec2.writeBlocks(shop.data, 0, blockOf(9));
    shop.ec2.writeBlocks(shop.data, 6, blockOf(6));
    shop.ec2.discardBlock(shop.data, 1);
    const later = await snapshotOf(cloud, shop.data);

    const { ChangedBlocks } = await changedBetween(before, later);
    const sides = ChangedBlocks.map(({ BlockIndex, FirstBlockToken, SecondBlockToken }: Answer) => [
      BlockIndex,
      FirstBlockToken !== undefined,
      SecondBlockToken !== undefined,
    ]);
    expect(sides).toEqual([
      [0, true, true],
      [1, true, false],
      [6, false, true],
    ]);
    expect((await get(later, 0, ChangedBlocks[0].SecondBlockToken)).BlockData).toEqual(blockOf(9));
    expect((await get(before, 0, ChangedBlocks[0].FirstBlockToken)).BlockData).toEqual(blockOf(1));
  });

  it('come in pages that count what was compared, so that nine of ten can be empty', async () => {
    for (let index = 0; index < 1_000; index += 1) shop.ec2.writeBlocks(shop.data, index, blockOf(index % 250));
    const before = await snapshotOf(cloud, shop.data);
    shop.ec2.writeBlocks(shop.data, 999, blockOf(255));
    const later = await snapshotOf(cloud, shop.data);

    const found: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = await changedBetween(before, later, home, { MaxResults: 100, ...(NextToken && { NextToken }) });
      found.push(page.ChangedBlocks.length);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(found).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('can be asked for from a block on', async () => {
    const before = await snapshotOf(cloud, shop.data);
    shop.ec2.writeBlocks(shop.data, 0, Buffer.concat([blockOf(7), blockOf(8)]));
    const later = await snapshotOf(cloud, shop.data);
    const { ChangedBlocks } = await changedBetween(before, later, home, { StartingBlockIndex: 1 });
    expect(ChangedBlocks.map(({ BlockIndex }: Answer) => BlockIndex)).toEqual([1]);
  });
});

describe('lineage', () => {
  it('holds between a copy and the snapshot of a volume made from it', async () => {
    const copy = await copyOf(cloud, await snapshotOf(cloud, shop.data));
    const volume = await volumeFrom(cloud, copy);
    cloud.ec2(away).writeBlocks(volume, 1, blockOf(5));
    const later = await snapshotOf(cloud, volume, away);
    const { ChangedBlocks } = await changedBetween(copy, later, away);
    expect(ChangedBlocks.map(({ BlockIndex }: Answer) => BlockIndex)).toEqual([1]);
  });

  it('does not hold between two copies of one volume', async () => {
    const first = await copyOf(cloud, await snapshotOf(cloud, shop.data));
    const second = await copyOf(cloud, await snapshotOf(cloud, shop.data));
    await expect(changedBetween(first, second, away)).rejects.toThrow(unrelated);
  });

  it.each([
    ['encryption was switched on', undefined],
    ['the key changed', 'first key'],
  ])('breaks when %s between a snapshot and its volume', async (_, firstKey) => {
    const ec2 = cloud.ec2(away);
    const more = firstKey === undefined ? {} : { Encrypted: true, KmsKeyId: ec2.addKey() };
    const copy = await copyOf(cloud, await snapshotOf(cloud, shop.data), more);
    const volume = await volumeFrom(cloud, copy, away, { Encrypted: true, KmsKeyId: ec2.addKey() });
    const later = await snapshotOf(cloud, volume, away);
    await expect(changedBetween(copy, later, away)).rejects.toThrow(unrelated);
  });

  it('holds from a started snapshot through a volume to its snapshots, and not to the siblings of its parent', async () => {
    const parent = await snapshotOf(cloud, shop.data);
    const sibling = await snapshotOf(cloud, shop.data);
    const { SnapshotId: child } = await ask(cloud.ebs(), 'StartSnapshot', { VolumeSize: 1, ParentSnapshotId: parent });
    await cloud.pass(2 * minutes);
    await ask(cloud.ebs(), 'CompleteSnapshot', { SnapshotId: child, ChangedBlocksCount: 0 });
    await cloud.pass(2 * minutes);
    const later = await snapshotOf(cloud, await volumeFrom(cloud, child, home));

    expect((await changedBetween(child, later)).ChangedBlocks).toEqual([]);
    expect((await changedBetween(parent, later)).ChangedBlocks).toEqual([]);
    await expect(changedBetween(sibling, later)).rejects.toThrow(unrelated);
  });
});

describe('tokens', () => {
  const tokensOf = async (snapshot: string) =>
    (await ask(cloud.ebs(), 'ListSnapshotBlocks', { SnapshotId: snapshot })).Blocks as {
      BlockIndex: number;
      BlockToken: string;
    }[];
  const badToken = refusal('ValidationException', 'INVALID_BLOCK_TOKEN');

  it('read one block of one snapshot, for seven days', async () => {
    const snapshot = await snapshotOf(cloud, shop.data);
    const [first, second] = await tokensOf(snapshot);
    const other = await snapshotOf(cloud, shop.data);
    const answer = await get(snapshot, 0, first?.BlockToken);
    expect(answer.Checksum).toBe(sha256(blockOf(1)));
    await expect(get(snapshot, 0, second?.BlockToken)).rejects.toThrow(badToken);
    await expect(get(other, 0, first?.BlockToken)).rejects.toThrow(badToken);
    await cloud.pass(7 * 24 * 60 * minutes);
    await expect(get(snapshot, 0, first?.BlockToken)).rejects.toThrow(badToken);
  });

  it('of pages go on with their own list, for an hour', async () => {
    for (let index = 0; index < 101; index += 1) shop.ec2.writeBlocks(shop.data, index, blockOf(1));
    const snapshot = await snapshotOf(cloud, shop.data);
    const list = (more: object) =>
      ask(cloud.ebs(), 'ListSnapshotBlocks', { SnapshotId: snapshot, MaxResults: 100, ...more });
    const { Blocks, NextToken } = await list({});
    expect(Blocks).toHaveLength(100);
    expect((await list({ NextToken })).Blocks).toHaveLength(1);
    await cloud.pass(60 * minutes + 1 * seconds);
    await expect(list({ NextToken })).rejects.toThrow(refusal('ValidationException', 'INVALID_PAGE_TOKEN'));
  });
});

describe('what was never written', () => {
  it('reads as zeros on an unencrypted volume and as noise on an encrypted one', () => {
    const encrypted = placeShop(cloud, home, shop.ec2.addKey());
    expect(shop.ec2.readBlock(shop.data, 100)).toEqual(blockOf(0));
    expect(encrypted.ec2.readBlock(encrypted.data, 100)).not.toEqual(blockOf(0));
  });

  it('is not listed', async () => {
    const snapshot = await snapshotOf(cloud, shop.data);
    const { Blocks } = await ask(cloud.ebs(), 'ListSnapshotBlocks', { SnapshotId: snapshot });
    expect(Blocks.map(({ BlockIndex }: Answer) => BlockIndex)).toEqual([0, 1]);
  });
});
