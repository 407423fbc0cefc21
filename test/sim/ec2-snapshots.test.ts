import { beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  away,
  blockOf,
  BlockCloud,
  copyOf,
  described,
  home,
  minutes,
  placeShop,
  seconds,
  snapshotOf,
  volumeFrom,
} from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
beforeEach(() => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
});

describe('snapshots of a server', () => {
  it('all show the moment of the call, whatever is written afterwards', async () => {
    const { Snapshots } = await ask(shop.ec2, 'CreateSnapshots', {
      InstanceSpecification: { InstanceId: shop.server.id },
    });
    shop.ec2.writeBlocks(shop.data, 0, blockOf(9));
    await cloud.pass(2 * minutes);

    expect(new Set(Snapshots.map(({ StartTime }: { StartTime: Date }) => StartTime.getTime())).size).toBe(1);
    const data = Snapshots.find(({ VolumeId }: { VolumeId: string }) => VolumeId === shop.data);
    expect(shop.ec2.contentOf(data.SnapshotId).blocks.get(0)).toEqual(blockOf(1));
  });

  it('take the tags of the request, and those of the volume only when asked', async () => {
    await ask(shop.ec2, 'CreateTags', { Resources: [shop.data], Tags: [{ Key: 'team', Value: 'shop' }] });
    const request = {
      InstanceSpecification: { InstanceId: shop.server.id, ExcludeBootVolume: true },
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'step', Value: '1' }] }],
    };
    const plain = await ask(shop.ec2, 'CreateSnapshots', request);
    await cloud.pass(1 * minutes);
    const withOwn = await ask(shop.ec2, 'CreateSnapshots', { ...request, CopyTagsFromSource: 'volume' });

    expect(plain.Snapshots).toHaveLength(1);
    expect(plain.Snapshots[0].Tags).toEqual([{ Key: 'step', Value: '1' }]);
    expect(withOwn.Snapshots[0].Tags).toEqual([
      { Key: 'team', Value: 'shop' },
      { Key: 'step', Value: '1' },
    ]);
  });

  it('are refused within 15 seconds of the last one of the volume', async () => {
    await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data });
    await cloud.pass(14 * seconds);
    await expect(ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data })).rejects.toThrow(
      expect.objectContaining({ code: 'SnapshotCreationPerVolumeRateExceeded' }),
    );
    await cloud.pass(1 * seconds);
    await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data });
  });

  it('are refused while five of a volume are pending', async () => {
    shop.ec2.timings.snapshotBaseMs = 60 * minutes;
    for (let taken = 0; taken < 5; taken += 1) {
      await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data });
      await cloud.pass(15 * seconds);
    }
    await expect(ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data })).rejects.toThrow(
      expect.objectContaining({ code: 'ConcurrentSnapshotLimitExceeded' }),
    );
  });

  it('that are pending are deleted once they have completed', async () => {
    const { SnapshotId } = await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data });
    await ask(shop.ec2, 'DeleteSnapshot', { SnapshotId });
    expect((await described(cloud, SnapshotId)).State).toBe('pending');
    await cloud.pass(2 * minutes);
    await expect(described(cloud, SnapshotId)).rejects.toThrow(
      expect.objectContaining({ code: 'InvalidSnapshot.NotFound' }),
    );
  });

  it('keep the data key along volume, snapshot and volume under one key, and not under another', async () => {
    const key = shop.ec2.addKey();
    const encrypted = placeShop(cloud, home, key);
    const snapshot = await snapshotOf(cloud, encrypted.data);
    const same = await volumeFrom(cloud, snapshot, home);
    const other = await volumeFrom(cloud, snapshot, home, { Encrypted: true, KmsKeyId: shop.ec2.addKey() });

    const dataKey = (await described(cloud, snapshot)).DataEncryptionKeyId;
    expect(shop.ec2.encryptionOf(same)?.dataKeyId).toBe(dataKey);
    expect(shop.ec2.encryptionOf(other)?.dataKeyId).not.toBe(dataKey);
  });
});

describe('copies into another Region', () => {
  const incrementalFlags = () => {
    const flags: unknown[] = [];
    cloud.ec2(away).onEvent(({ detail }) => {
      if (detail['event'] === 'copySnapshot') flags.push(detail['incremental']);
    });
    return flags;
  };

  it('carry the bytes, not the tags, and belong to no volume', async () => {
    const { SnapshotId } = await ask(shop.ec2, 'CreateSnapshot', {
      VolumeId: shop.data,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'step', Value: '1' }] }],
    });
    await cloud.pass(2 * minutes);
    const copy = await copyOf(cloud, SnapshotId);

    expect(await described(cloud, copy, away)).toMatchObject({
      State: 'completed',
      VolumeId: 'vol-ffffffff',
      Tags: [],
    });
    expect(cloud.ec2(away).contentOf(copy).blocks.get(1)).toEqual(blockOf(2));
  });

  it('move only what changed since the newest kept copy', async () => {
    const flags = incrementalFlags();
    await copyOf(cloud, await snapshotOf(cloud, shop.data));
    expect(cloud.ec2(away).bytesMoved.copied).toBe(2 * 524_288);
    shop.ec2.writeBlocks(shop.data, 5, blockOf(5));
    await copyOf(cloud, await snapshotOf(cloud, shop.data));

    expect(cloud.ec2(away).bytesMoved.copied).toBe(3 * 524_288);
    expect(flags).toEqual(['false', 'true']);
  });

  it('are full again when the newest copy was deleted, older ones or not', async () => {
    const flags = incrementalFlags();
    await copyOf(cloud, await snapshotOf(cloud, shop.data));
    const newest = await copyOf(cloud, await snapshotOf(cloud, shop.data));
    await ask(cloud.ec2(away), 'DeleteSnapshot', { SnapshotId: newest });
    await copyOf(cloud, await snapshotOf(cloud, shop.data));

    expect(flags).toEqual(['false', 'true', 'false']);
  });

  it('are full when the key of the copies changes', async () => {
    const flags = incrementalFlags();
    await copyOf(cloud, await snapshotOf(cloud, shop.data));
    const key = cloud.ec2(away).addKey();
    await copyOf(cloud, await snapshotOf(cloud, shop.data), { Encrypted: true, KmsKeyId: key });

    expect(flags).toEqual(['false', 'false']);
  });

  it('answer an id and end in error when the key cannot be used', async () => {
    const key = cloud.ec2(away).addKey();
    cloud.ec2(away).setKeyEnabled(key, false);
    const copy = await copyOf(cloud, await snapshotOf(cloud, shop.data), { Encrypted: true, KmsKeyId: key });

    expect(await described(cloud, copy, away)).toMatchObject({
      State: 'error',
      StateMessage: 'Given key ID is not accessible',
    });
  });

  it('of an encrypted snapshot are always encrypted, under the default key of their Region unless told otherwise', async () => {
    const encrypted = placeShop(cloud, home, shop.ec2.addKey());
    const snapshot = await snapshotOf(cloud, encrypted.data);
    const copy = await copyOf(cloud, snapshot);
    const { KmsKeyId } = await ask(cloud.ec2(away), 'GetEbsDefaultKmsKeyId', {});

    expect((await described(cloud, copy, away)).KmsKeyId).toBe(KmsKeyId);
    const key = cloud.ec2(away).addKey();
    await expect(copyOf(cloud, snapshot, { KmsKeyId: key })).rejects.toThrow(
      expect.objectContaining({ code: 'InvalidParameterDependency' }),
    );
  });

  it('are at most 20 at once', async () => {
    const snapshot = await snapshotOf(cloud, shop.data);
    const request = { SourceRegion: home, SourceSnapshotId: snapshot };
    for (let started = 0; started < 20; started += 1) await ask(cloud.ec2(away), 'CopySnapshot', request);
    await expect(ask(cloud.ec2(away), 'CopySnapshot', request)).rejects.toThrow(
      expect.objectContaining({ code: 'ResourceLimitExceeded' }),
    );
  });

  it('in flight end in error when the source Region falls silent; completed ones stay', async () => {
    const done = await copyOf(cloud, await snapshotOf(cloud, shop.data));
    const source = await snapshotOf(cloud, shop.data);
    const { SnapshotId } = await ask(cloud.ec2(away), 'CopySnapshot', { SourceRegion: home, SourceSnapshotId: source });
    cloud.silent.add(home);
    await cloud.pass(10 * seconds);

    expect((await described(cloud, SnapshotId, away)).State).toBe('error');
    expect((await described(cloud, done, away)).State).toBe('completed');
  });

  describe('that are asked for within a time', () => {
    const within = (minutesAsked: number, snapshot: string) =>
      ask(cloud.ec2(away), 'CopySnapshot', {
        SourceRegion: home,
        SourceSnapshotId: snapshot,
        CompletionDurationMinutes: minutesAsked,
      });

    it('take all of it, and say so', async () => {
      const events: Record<string, unknown>[] = [];
      cloud.ec2(away).onEvent(({ detail }) => events.push(detail));
      const { SnapshotId } = await within(30, await snapshotOf(cloud, shop.data));
      await cloud.pass(30 * minutes - 1);
      expect(await described(cloud, SnapshotId, away)).toMatchObject({
        State: 'pending',
        TransferType: 'time-based',
        CompletionDurationMinutes: 30,
      });
      await cloud.pass(1);
      expect((await described(cloud, SnapshotId, away)).State).toBe('completed');
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({ event: 'copySnapshot', result: 'succeeded', transferType: 'time-based' });
      expect(events[0]).not.toHaveProperty('missedCompletionDurationCause');
      const usual = await copyOf(cloud, await snapshotOf(cloud, shop.data));
      expect((await described(cloud, usual, away)).TransferType).toBe('standard');
    });

    it('have times in steps of 15 minutes up to two days', async () => {
      const snapshot = await snapshotOf(cloud, shop.data);
      for (const wrong of [0, 1, 14, 20, 2_881, 2_895])
        await expect(within(wrong, snapshot)).rejects.toThrow(
          expect.objectContaining({ code: 'InvalidParameterValue' }),
        );
      for (const right of [15, 2_880]) await within(right, snapshot);
    });

    it('are refused where their data do not fit into the time', async () => {
      // Two blocks of 512 KiB in 900 s.
      cloud.ec2(away).timings.timedCopyBytesPerSecondMax = (2 * 524_288) / 900 - 1;
      const snapshot = await snapshotOf(cloud, shop.data);
      await expect(within(15, snapshot)).rejects.toThrow(expect.objectContaining({ code: 'InvalidParameterValue' }));
      await within(30, snapshot);
    });

    it('are slower on what is left of the quota, which is told, and refused where nothing is left', async () => {
      const events: Record<string, unknown>[] = [];
      cloud.ec2(away).onEvent(({ detail }) => events.push(detail));
      const [data, root] = [await snapshotOf(cloud, shop.data), await snapshotOf(cloud, shop.root)];
      const rootBytes = cloud.ec2().contentOf(root).blocks.size * 524_288;
      // What the copy of the root needs in 15 minutes, and half of what that of the data needs.
      cloud.ec2(away).timings.timedCopiesBytesPerSecondMax = (rootBytes + 524_288) / 900;
      await within(15, root);
      const { SnapshotId } = await within(15, data);
      await expect(within(15, await snapshotOf(cloud, shop.data))).rejects.toThrow(
        expect.objectContaining({ code: 'ResourceLimitExceeded' }),
      );
      await cloud.pass(15 * minutes);
      expect((await described(cloud, SnapshotId, away)).State).toBe('pending');
      expect(events.map(({ event }) => event)).toContain('copyMissedCompletionDuration');
      await cloud.pass(15 * minutes);
      expect((await described(cloud, SnapshotId, away)).State).toBe('completed');
      expect(events.at(-1)).toMatchObject({
        event: 'copySnapshot',
        result: 'succeeded',
        missedCompletionDurationCause: expect.stringContaining('quota'),
      });
    });
  });

  it('need a completed source', async () => {
    const { SnapshotId } = await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.data });
    const copying = ask(cloud.ec2(away), 'CopySnapshot', { SourceRegion: home, SourceSnapshotId: SnapshotId });
    await expect(copying).rejects.toThrow(expect.objectContaining({ code: 'IncorrectState' }));
  });
});
