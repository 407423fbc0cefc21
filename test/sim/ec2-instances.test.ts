import { beforeEach, describe, expect, it } from 'vitest';
import { ask, BlockCloud, home, imageOf, launchOne, minutes, placeShop, seconds, snapshotOf } from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
beforeEach(() => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
});

const refusal = (code: string) => expect.objectContaining({ code });

const launchOf = (image: string, more: object = {}) =>
  launchOne(shop, image, { SubnetId: shop.subnet, SecurityGroupIds: [shop.group], ...more });

async function statusOf(id: string): Promise<string> {
  const { InstanceStatuses } = await ask(shop.ec2, 'DescribeInstanceStatus', {
    InstanceIds: [id],
    IncludeAllInstances: true,
  });
  return InstanceStatuses[0].InstanceStatus.Status;
}

const stateOf = async (id: string) => {
  const { Reservations } = await ask(shop.ec2, 'DescribeInstances', { InstanceIds: [id] });
  return Reservations[0].Instances[0].State.Name;
};

describe('a launched instance', () => {
  it('is pending, running, initializing and then ok, and serves what its disk says', async () => {
    const { Instances } = await launchOf(await imageOf(cloud, shop.root));
    const { InstanceId: id, PrivateIpAddress: address } = Instances[0];
    expect(Instances[0].State.Name).toBe('pending');
    await cloud.pass(20 * seconds);
    expect([await stateOf(id), await statusOf(id)]).toEqual(['running', 'initializing']);
    expect(shop.ec2.instanceAt(address)?.serving).toBe(false);
    await cloud.pass(95 * seconds);
    expect(await statusOf(id)).toBe('ok');
    expect(shop.ec2.instanceAt(address)).toEqual({
      instanceId: id,
      listens: [80],
      healthPath: '/health',
      serving: true,
      isOpen: true,
    });
  });

  it.each([
    ['the defaults of RegisterImage (i386, paravirtual)', { Architecture: undefined, VirtualizationType: undefined }],
    ['another architecture', { Architecture: 'arm64' }],
  ])('never passes its checks with %s', async (_, more) => {
    const { Instances } = await launchOf(await imageOf(cloud, shop.root, more));
    await cloud.pass(30 * minutes);
    expect(await statusOf(Instances[0].InstanceId)).toBe('impaired');
  });

  it('never passes its checks when nothing is written in block 0 of its root volume', async () => {
    shop.ec2.discardBlock(shop.root, 0);
    const { Instances } = await launchOf(await imageOf(cloud, shop.root));
    await cloud.pass(30 * minutes);
    expect(await statusOf(Instances[0].InstanceId)).toBe('impaired');
  });

  it('is the same one for the same token, and no other request may use the token', async () => {
    const image = await imageOf(cloud, shop.root);
    const first = await launchOf(image, { ClientToken: 'launch-1' });
    const again = await launchOf(image, { ClientToken: 'launch-1' });
    expect(again.Instances[0].InstanceId).toBe(first.Instances[0].InstanceId);
    await expect(launchOf(image, { ClientToken: 'launch-1', InstanceType: 'm7i.xlarge' })).rejects.toThrow(
      refusal('IdempotentParameterMismatch'),
    );
  });

  it('may not get another snapshot for its root device', async () => {
    const image = await imageOf(cloud, shop.root);
    const other = await snapshotOf(cloud, shop.root);
    const mapping = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: other } };
    await expect(launchOf(image, { BlockDeviceMappings: [mapping] })).rejects.toThrow(
      refusal('InvalidBlockDeviceMapping'),
    );
  });

  it('is refused with a server error where there is no capacity', async () => {
    const image = await imageOf(cloud, shop.root);
    shop.ec2.setCapacity(`${home}a`, 'm7i.large', false);
    await expect(launchOf(image)).rejects.toThrow(
      expect.objectContaining({ code: 'InsufficientInstanceCapacity', status: 500 }),
    );
  });

  it('takes with it only the volumes that are to be deleted with it', async () => {
    await ask(shop.ec2, 'TerminateInstances', { InstanceIds: [shop.server.id] });
    await cloud.pass(2 * minutes);
    const left = shop.ec2.allResources().filter(({ kind }) => kind === 'volume');
    expect(left.map(({ id, state }) => [id, state])).toEqual([[shop.data, 'available']]);
  });

  it('is refused by name of what is not modelled, also inside a member', async () => {
    const image = await imageOf(cloud, shop.root);
    await expect(launchOf(image, { Placement: { GroupName: 'close' } })).rejects.toThrow(/Placement.GroupName/);
  });

  it('ends at once, with a reason, when the key of its volume cannot be used', async () => {
    const key = shop.ec2.addKey();
    const image = await imageOf(cloud, placeShop(cloud, home, key).root);
    shop.ec2.setKeyEnabled(key, false);
    const { Instances } = await launchOf(image);
    await cloud.pass(20 * seconds);
    const { Reservations } = await ask(shop.ec2, 'DescribeInstances', { InstanceIds: [Instances[0].InstanceId] });
    expect(Reservations[0].Instances[0]).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Code: 'Client.InternalError' },
    });
  });

  it('answers a dry run with an error and does nothing', async () => {
    const image = await imageOf(cloud, shop.root);
    await expect(launchOf(image, { DryRun: true })).rejects.toThrow(refusal('DryRunOperation'));
    expect(shop.ec2.allResources().filter(({ kind }) => kind === 'instance')).toHaveLength(1);
  });
});

describe('stopping and the volume swap', () => {
  it('is refused under stop protection until that is taken off', async () => {
    const protect = (Value: boolean) =>
      ask(shop.ec2, 'ModifyInstanceAttribute', { InstanceId: shop.server.id, DisableApiStop: { Value } });
    await protect(true);
    await expect(ask(shop.ec2, 'StopInstances', { InstanceIds: [shop.server.id] })).rejects.toThrow(
      refusal('OperationNotPermitted'),
    );
    await protect(false);
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [shop.server.id] });
    expect(await stateOf(shop.server.id)).toBe('stopping');
    await expect(ask(shop.ec2, 'StartInstances', { InstanceIds: [shop.server.id] })).rejects.toThrow(
      refusal('IncorrectInstanceState'),
    );
    await cloud.pass(40 * seconds);
    expect(await stateOf(shop.server.id)).toBe('stopped');
  });

  it('detaches a root volume only from a stopped instance, and does not start without one', async () => {
    const detach = () => ask(shop.ec2, 'DetachVolume', { VolumeId: shop.root });
    await expect(detach()).rejects.toThrow(refusal('OperationNotPermitted'));
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [shop.server.id] });
    await cloud.pass(40 * seconds);
    await detach();
    await cloud.pass(5 * seconds);
    await expect(ask(shop.ec2, 'StartInstances', { InstanceIds: [shop.server.id] })).rejects.toThrow(
      refusal('IncorrectInstanceState'),
    );
  });

  it('attaches a volume of the same zone only, once it is available, and only once', async () => {
    const attach = (VolumeId: string) =>
      ask(shop.ec2, 'AttachVolume', { VolumeId, InstanceId: shop.server.id, Device: '/dev/sdg' });
    const create = async (AvailabilityZone: string) =>
      (await ask(shop.ec2, 'CreateVolume', { AvailabilityZone, Size: 1 })).VolumeId;
    const [near, far] = [await create(`${home}a`), await create(`${home}b`)];
    await expect(attach(near)).rejects.toThrow(refusal('IncorrectState'));
    await cloud.pass(3 * seconds);
    await expect(attach(far)).rejects.toThrow(refusal('InvalidVolume.ZoneMismatch'));
    await attach(near);
    await expect(attach(near)).rejects.toThrow(refusal('VolumeInUse'));
    await expect(ask(shop.ec2, 'DeleteVolume', { VolumeId: near })).rejects.toThrow(refusal('VolumeInUse'));
  });

  it('leaves an attached volume behind at termination unless told otherwise', async () => {
    const device = async () => {
      const { Reservations } = await ask(shop.ec2, 'DescribeInstances', { InstanceIds: [shop.server.id] });
      return Reservations[0].Instances[0].BlockDeviceMappings.find(
        ({ DeviceName }: { DeviceName: string }) => DeviceName === '/dev/sdf',
      ).Ebs.DeleteOnTermination;
    };
    expect(await device()).toBe(false);
    const mapping = { DeviceName: '/dev/sdf', Ebs: { DeleteOnTermination: true } };
    await ask(shop.ec2, 'ModifyInstanceAttribute', { InstanceId: shop.server.id, BlockDeviceMappings: [mapping] });
    expect(await device()).toBe(true);
  });
});

describe('images', () => {
  it('hold their snapshots, and their names also for a while after they are gone', async () => {
    const image = await imageOf(cloud, shop.root);
    const { Images } = await ask(shop.ec2, 'DescribeImages', { ImageIds: [image] });
    const SnapshotId = Images[0].BlockDeviceMappings[0].Ebs.SnapshotId;
    await expect(ask(shop.ec2, 'DeleteSnapshot', { SnapshotId })).rejects.toThrow(refusal('InvalidSnapshot.InUse'));
    await expect(imageOf(cloud, shop.root)).rejects.toThrow(refusal('InvalidAMIName.Duplicate'));
    await ask(shop.ec2, 'DeregisterImage', { ImageId: image });
    await ask(shop.ec2, 'DeleteSnapshot', { SnapshotId });
  });
});

describe('lists', () => {
  it('go on page by page, and refuse unknown filters by name', async () => {
    for (let made = 0; made < 6; made += 1)
      await ask(shop.ec2, 'CreateVolume', { AvailabilityZone: `${home}a`, Size: 1, VolumeType: 'gp3' });
    const first = await ask(shop.ec2, 'DescribeVolumes', { MaxResults: 5 });
    const second = await ask(shop.ec2, 'DescribeVolumes', { MaxResults: 5, NextToken: first.NextToken });
    expect([first.Volumes.length, second.Volumes.length, second.NextToken]).toEqual([5, 3, undefined]);
    await expect(
      ask(shop.ec2, 'DescribeVolumes', { Filters: [{ Name: 'create-time', Values: ['x'] }] }),
    ).rejects.toThrow(/filter create-time of DescribeVolumes/);
  });

  it('are throttled by request', async () => {
    const launches = Array.from({ length: 6 }, () =>
      ask(shop.ec2, 'StartInstances', { InstanceIds: [shop.server.id] }).then(
        () => 'ok',
        ({ code }: { code: string }) => code,
      ),
    );
    expect(await Promise.all(launches)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'RequestLimitExceeded']);
  });

  it('move an Elastic IP with the server that it is given to', async () => {
    const allocation = shop.ec2.addElasticIp({ publicIp: '198.51.100.7' });
    await ask(shop.ec2, 'AssociateAddress', { AllocationId: allocation, InstanceId: shop.server.id });
    expect(shop.ec2.instanceAt('198.51.100.7')?.instanceId).toBe(shop.server.id);
    const { Addresses } = await ask(shop.ec2, 'DescribeAddresses', { AllocationIds: [allocation] });
    await ask(shop.ec2, 'DisassociateAddress', { AssociationId: Addresses[0].AssociationId });
    expect(shop.ec2.instanceAt('198.51.100.7')).toBeUndefined();
  });
});
