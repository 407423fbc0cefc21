import { beforeEach, describe, expect, it } from 'vitest';
import { ask, BlockCloud, home, minutes, placeShop, snapshotOf } from './ec2-cloud.ts';

const hours = 60 * minutes;
const days = 24 * hours;

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
let snapshot: string;
beforeEach(async () => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
  snapshot = await snapshotOf(cloud, shop.data);
});

const lock = (input: object) => ask(shop.ec2, 'LockSnapshot', { SnapshotId: snapshot, ...input });
const unlock = () => ask(shop.ec2, 'UnlockSnapshot', { SnapshotId: snapshot });
const remove = () => ask(shop.ec2, 'DeleteSnapshot', { SnapshotId: snapshot });
const stateNow = async () => (await ask(shop.ec2, 'DescribeLockedSnapshots', {})).Snapshots[0]?.LockState;
const refusal = (code: string) => expect.objectContaining({ code });

describe('a locked snapshot', () => {
  it('cannot be deleted before its days are over, and then can', async () => {
    const begun = cloud.clock.now();
    expect(await lock({ LockMode: 'governance', LockDuration: 2 })).toMatchObject({
      LockState: 'governance',
      LockDuration: 2,
      LockExpiresOn: new Date(begun + 2 * days),
    });
    await cloud.pass(2 * days - 1);
    await expect(remove()).rejects.toThrow(refusal('OperationNotPermitted'));
    await cloud.pass(1);
    expect(await stateNow()).toBe('expired');
    await remove();
  });

  it('in governance mode is unlocked, shortened and put into compliance mode at any time', async () => {
    await lock({ LockMode: 'governance', LockDuration: 9 });
    await lock({ LockMode: 'governance', LockDuration: 1 });
    await lock({ LockMode: 'compliance', LockDuration: 1, CoolOffPeriod: 1 });
    expect(await stateNow()).toBe('compliance-cooloff');
    await unlock();
    expect(await stateNow()).toBeUndefined();
    await remove();
  });

  it('in compliance mode can be unlocked while it cools off, and afterwards only be locked for longer', async () => {
    await lock({ LockMode: 'compliance', LockDuration: 3, CoolOffPeriod: 2 });
    await cloud.pass(2 * hours - 1);
    await expect(remove()).rejects.toThrow(refusal('OperationNotPermitted'));
    await lock({ LockMode: 'compliance', LockDuration: 2, CoolOffPeriod: 2 });
    await cloud.pass(1);
    expect(await stateNow()).toBe('compliance');
    await expect(unlock()).rejects.toThrow(refusal('OperationNotPermitted'));
    for (const change of [
      { LockMode: 'compliance', LockDuration: 2 },
      { LockMode: 'governance', LockDuration: 9 },
      { LockMode: 'compliance', LockDuration: 9, CoolOffPeriod: 1 },
    ])
      await expect(lock(change)).rejects.toThrow(refusal('OperationNotPermitted'));
    await lock({ LockMode: 'compliance', LockDuration: 4 });
    await cloud.pass(4 * days - 2 * hours - 1);
    await expect(remove()).rejects.toThrow(refusal('OperationNotPermitted'));
    await cloud.pass(1);
    await remove();
  });

  it('that was pending then is locked from its completion on', async () => {
    const { SnapshotId } = await ask(shop.ec2, 'CreateSnapshot', { VolumeId: shop.root });
    const answer = await ask(shop.ec2, 'LockSnapshot', { SnapshotId, LockMode: 'governance', LockDuration: 1 });
    expect(answer).not.toHaveProperty('LockExpiresOn');
    await cloud.pass(10 * minutes);
    const completed = shop.ec2.state.snapshots.get(SnapshotId)?.completedAt ?? 0;
    const [described] = (await ask(shop.ec2, 'DescribeLockedSnapshots', { SnapshotIds: [SnapshotId] })).Snapshots;
    expect(described.LockExpiresOn).toEqual(new Date(completed + days));
  });

  it('is copied, used and listed like any other, by the state of its lock', async () => {
    await lock({ LockMode: 'governance', ExpirationDate: new Date(cloud.clock.now() + days) });
    const list = async (state: string) =>
      (await ask(cloud.ec2(home), 'DescribeLockedSnapshots', { Filters: [{ Name: 'lock-state', Values: [state] }] }))
        .Snapshots;
    expect(await list('governance')).toMatchObject([{ SnapshotId: snapshot, OwnerId: cloud.account }]);
    expect(await list('compliance')).toEqual([]);
    await ask(shop.ec2, 'CreateVolume', { AvailabilityZone: `${home}a`, SnapshotId: snapshot });
  });

  it.each<[what: string, input: object, code: string]>([
    ['without a mode', { LockDuration: 1 }, 'MissingParameter'],
    ['with neither days nor date', { LockMode: 'governance' }, 'InvalidParameterCombination'],
    ['for no day', { LockMode: 'governance', LockDuration: 0 }, 'InvalidParameterValue'],
    ['for more than 36,500 days', { LockMode: 'governance', LockDuration: 36_501 }, 'InvalidParameterValue'],
    ['until a time that is over', { LockMode: 'governance', ExpirationDate: new Date(0) }, 'InvalidParameterValue'],
    [
      'in governance mode that cools off',
      { LockMode: 'governance', LockDuration: 1, CoolOffPeriod: 1 },
      'InvalidParameterCombination',
    ],
    [
      'that cools off for more than 72 hours',
      { LockMode: 'compliance', LockDuration: 9, CoolOffPeriod: 73 },
      'InvalidParameterValue',
    ],
    ['of an unknown snapshot', { SnapshotId: 'snap-0' }, 'InvalidSnapshot.NotFound'],
  ])('is refused %s', async (_what, input, code) => {
    await expect(lock(input)).rejects.toThrow(refusal(code));
  });
});
