import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ask, BlockCloud, blockOf, described, home, minutes, placeShop, sha256, snapshotOf } from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
beforeEach(() => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
});

const refusal = (code: string, Reason?: string) =>
  expect.objectContaining({ code, ...(Reason === undefined ? {} : { fields: { Reason } }) });

const start = (input: object) => ask(cloud.ebs(), 'StartSnapshot', { VolumeSize: 1, ...input });

/** A started snapshot that Put and Complete know. */
async function started(input: object = {}): Promise<string> {
  const { SnapshotId } = await start(input);
  await cloud.pass(2 * minutes);
  return SnapshotId;
}

const putRequest = (SnapshotId: string, BlockIndex: number, BlockData: Buffer, more: object = {}) => ({
  SnapshotId,
  BlockIndex,
  BlockData,
  DataLength: 524_288,
  Checksum: sha256(BlockData),
  ChecksumAlgorithm: 'SHA256',
  ...more,
});

const put = (snapshot: string, index: number, block: Buffer, more: object = {}) =>
  cloud.within(ask(cloud.ebs(), 'PutSnapshotBlock', putRequest(snapshot, index, block, more)));

async function complete(SnapshotId: string, ChangedBlocksCount: number, more: object = {}) {
  await ask(cloud.ebs(), 'CompleteSnapshot', { SnapshotId, ChangedBlocksCount, ...more });
  await cloud.pass(2 * minutes);
  return (await described(cloud, SnapshotId)).State;
}

const linear = (Checksum: string) => ({
  Checksum,
  ChecksumAlgorithm: 'SHA256',
  ChecksumAggregationMethod: 'LINEAR',
});

describe('a snapshot written block by block', () => {
  it('is its parent with the blocks that were put', async () => {
    const parent = await snapshotOf(cloud, shop.data);
    const child = await started({ ParentSnapshotId: parent });
    await put(child, 1, blockOf(7));
    expect(await complete(child, 1)).toBe('completed');

    const { blocks } = shop.ec2.contentOf(child);
    expect([blocks.get(0), blocks.get(1)]).toEqual([blockOf(1), blockOf(7)]);
    expect(shop.ec2.changedBetween(parent, child)).toEqual([1]);
  });

  it('counts a block that was put twice once, and keeps the last', async () => {
    const snapshot = await started();
    await put(snapshot, 3, blockOf(1));
    await put(snapshot, 3, blockOf(2));
    expect(await complete(snapshot, 1)).toBe('completed');
    expect(shop.ec2.contentOf(snapshot).blocks.get(3)).toEqual(blockOf(2));
  });

  it('ends in error when the count is wrong', async () => {
    const snapshot = await started();
    await put(snapshot, 0, blockOf(1));
    expect(await complete(snapshot, 2)).toBe('error');
  });

  it('proves its content by the SHA-256 over raw digests in block order, whatever order they came in', async () => {
    const vector = 'fccGN1xyY7l5uqsw58BLULbsU8thbz9pDvzr9oCk5yk=';
    const snapshot = await started();
    await put(snapshot, 1, blockOf(2));
    await put(snapshot, 0, blockOf(1));
    expect(await complete(snapshot, 2, linear(vector))).toBe('completed');
  });

  it('ends in error for a checksum over base64 texts', async () => {
    const snapshot = await started();
    await put(snapshot, 0, blockOf(1));
    await put(snapshot, 1, blockOf(2));
    const texts = createHash('sha256')
      .update(sha256(blockOf(1)) + sha256(blockOf(2)))
      .digest('base64');
    expect(await complete(snapshot, 2, linear(texts))).toBe('error');
  });

  it('is not known at first: the first attempt is refused, and after two minutes it is known', async () => {
    const { SnapshotId } = await start({});
    await expect(put(SnapshotId, 0, blockOf(1))).rejects.toThrow(
      refusal('ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND'),
    );
    await cloud.pass(2 * minutes);
    await put(SnapshotId, 0, blockOf(1));
  });

  it('times out after the idle minutes asked for; each Put begins them anew', async () => {
    const snapshot = await started({ Timeout: 10 });
    await cloud.pass(7 * minutes);
    await put(snapshot, 0, blockOf(1));
    await cloud.pass(9 * minutes);
    expect((await described(cloud, snapshot)).State).toBe('pending');
    await cloud.pass(1 * minutes);
    expect((await described(cloud, snapshot)).State).toBe('error');
    await expect(put(snapshot, 0, blockOf(1))).rejects.toThrow(refusal('ResourceNotFoundException'));
  });

  it('refuses a block that does not match its checksum', async () => {
    const snapshot = await started();
    await expect(put(snapshot, 0, blockOf(1), { Checksum: sha256(blockOf(2)) })).rejects.toThrow(
      refusal('ValidationException', 'INVALID_BLOCK'),
    );
  });

  it('refuses two Puts of one block at once', async () => {
    const snapshot = await started();
    const both = Promise.allSettled([put(snapshot, 0, blockOf(1)), put(snapshot, 0, blockOf(2))]);
    const refused = (await both).filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => reason.fields)).toEqual([{ Reason: 'CONFLICTING_BLOCK_UPDATE' }]);
  });

  it('takes 1,000 blocks a second and no more', async () => {
    const snapshot = await started();
    const puts = Array.from({ length: 1_001 }, (_, index) => put(snapshot, index, blockOf(1)));
    const refused = (await Promise.allSettled(puts)).filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => [reason.code, reason.fields])).toEqual([
      ['RequestThrottledException', { Reason: 'RESOURCE_LEVEL_THROTTLE' }],
    ]);
  });

  it('belongs to at most 100 pending ones', async () => {
    for (let made = 0; made < 100; made += 1) {
      await start({});
      await cloud.pass(100);
    }
    await expect(start({})).rejects.toThrow(refusal('ConcurrentLimitExceededException'));
  });

  it('is the same one for the same token, and a conflict with other parameters', async () => {
    const first = await start({ ClientToken: 'round-1' });
    expect((await start({ ClientToken: 'round-1' })).SnapshotId).toBe(first.SnapshotId);
    await expect(start({ ClientToken: 'round-1', VolumeSize: 2 })).rejects.toThrow(
      expect.objectContaining({ code: 'ConflictException', status: 409 }),
    );
  });

  it('is not smaller than its parent', async () => {
    const volume = shop.ec2.addInstance({ subnet: shop.subnet, volumes: [{ device: '/dev/xvda', sizeGib: 2 }] });
    const parent = await snapshotOf(cloud, volume.volumes['/dev/xvda'] ?? '');
    await expect(start({ ParentSnapshotId: parent, VolumeSize: 1 })).rejects.toThrow(
      refusal('ValidationException', 'INVALID_VOLUME_SIZE'),
    );
  });
});

describe('the encryption of a started snapshot', () => {
  const withParent = async (isEncrypted: boolean) => {
    const source = isEncrypted ? placeShop(cloud, home, shop.ec2.addKey()) : shop;
    return snapshotOf(cloud, source.data);
  };
  const key = () => shop.ec2.addKey();

  it.each([
    ['Encrypted beside a parent', true, { Encrypted: true }, false],
    ['Encrypted false beside a parent', false, { Encrypted: false }, false],
    ['an unencrypted parent under encryption by default', false, {}, true],
    ['a key beside an encrypted parent', true, { KmsKeyArn: 'key' }, false],
  ])('refuses %s', async (_, isEncrypted, more, isDefault) => {
    const parent = await withParent(isEncrypted);
    shop.ec2.setEncryptionByDefault(isDefault);
    const KmsKeyArn = 'KmsKeyArn' in more ? { KmsKeyArn: key() } : {};
    await expect(start({ ParentSnapshotId: parent, ...more, ...KmsKeyArn })).rejects.toThrow(
      refusal('ValidationException'),
    );
  });

  it('follows the parent', async () => {
    const [plain, encrypted] = [await withParent(false), await withParent(true)];
    const children = [await started({ ParentSnapshotId: plain }), await started({ ParentSnapshotId: encrypted })];
    expect(children.map((child) => shop.ec2.encryptionOf(child)?.dataKeyId)).toEqual([
      undefined,
      shop.ec2.encryptionOf(encrypted)?.dataKeyId,
    ]);
  });

  it('without a parent is the key given, the default key, or none', async () => {
    const own = key();
    const defaultKey = (await ask(shop.ec2, 'GetEbsDefaultKmsKeyId', {})).KmsKeyId;
    const keyOf = async (input: object) => shop.ec2.encryptionOf(await started(input))?.keyArn;
    expect(await keyOf({})).toBeUndefined();
    expect(await keyOf({ Encrypted: true })).toBe(defaultKey);
    expect(await keyOf({ Encrypted: true, KmsKeyArn: own })).toBe(own);
    shop.ec2.setEncryptionByDefault(true);
    expect(await keyOf({})).toBe(defaultKey);
    await expect(start({ Encrypted: false })).rejects.toThrow(refusal('ValidationException'));
  });

  it('must be usable to write', async () => {
    const own = key();
    const snapshot = await started({ Encrypted: true, KmsKeyArn: own });
    shop.ec2.setKeyEnabled(own, false);
    await expect(put(snapshot, 0, blockOf(1))).rejects.toThrow(
      refusal('AccessDeniedException', 'DEPENDENCY_ACCESS_DENIED'),
    );
  });
});
