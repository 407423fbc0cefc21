import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, ask, away, BlockCloud, imageOf, launchOne, minutes, placeShop } from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
let image: string;
/** Of the same zone and VPC as the shop's. */
let second: string;
beforeEach(async () => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
  image = await imageOf(cloud, shop.root);
  second = shop.ec2.addSubnet({ cidr: '10.0.2.0/24' });
});

const refusal = (code: string) => expect.objectContaining({ code });

async function launch(asked: object): Promise<string> {
  const { Instances } = await launchOne(shop, image, asked);
  return Instances[0].InstanceId;
}

const two = () => [
  { DeviceIndex: 1, SubnetId: second, Groups: [shop.group], Description: 'backup', DeleteOnTermination: true },
  { DeviceIndex: 0, SubnetId: shop.subnet, Groups: [], DeleteOnTermination: true },
];

async function described(id: string): Promise<Answer> {
  const { Reservations } = await ask(shop.ec2, 'DescribeInstances', { InstanceIds: [id] });
  return Reservations[0].Instances[0];
}

/** By device index. */
async function interfacesOf(id: string): Promise<Answer[]> {
  const { NetworkInterfaces } = await described(id);
  return NetworkInterfaces.toSorted(
    (one: Answer, other: Answer) => one.Attachment.DeviceIndex - other.Attachment.DeviceIndex,
  );
}

async function freeIn(subnet: string): Promise<number> {
  const { Subnets } = await ask(shop.ec2, 'DescribeSubnets', { SubnetIds: [subnet] });
  return Subnets[0].AvailableIpAddressCount;
}

describe('an instance that was placed', () => {
  it('has an address of their subnets for each of its interfaces, and all are described', async () => {
    const { id } = shop.ec2.addInstance({
      subnet: shop.subnet,
      secondaryAddresses: 1,
      moreInterfaces: [{ subnet: shop.subnet, securityGroups: [shop.group] }],
    });
    const { PrivateIpAddress } = await described(id);
    const interfaces = await interfacesOf(id);
    const addresses = interfaces.flatMap((each) => each.PrivateIpAddresses.map((of: Answer) => of.PrivateIpAddress));
    expect(addresses).toEqual([PrivateIpAddress, expect.any(String), expect.any(String)]);
    expect(new Set(addresses).size).toBe(3);
    expect(await freeIn(shop.subnet)).toBe(251 - 4);
  });

  it('keeps its public address until it is stopped, and is given no other while it has several interfaces', async () => {
    const { id } = shop.ec2.addInstance({ subnet: shop.subnet, moreInterfaces: [{ subnet: second }] });
    expect((await interfacesOf(id))[0].Association.IpOwnerId).toBe('amazon');
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [id, shop.server.id] });
    await cloud.pass(2 * minutes);
    await ask(shop.ec2, 'StartInstances', { InstanceIds: [id, shop.server.id] });
    expect((await described(id)).PublicIpAddress).toBeUndefined();
    expect((await described(shop.server.id)).PublicIpAddress).toBeDefined();
  });
});

describe('the security groups of an interface', () => {
  const setGroups = (NetworkInterfaceId: string, Groups: string[]) =>
    ask(shop.ec2, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups });
  const idsOf = ({ Groups }: Answer) => Groups.map(({ GroupId }: Answer) => GroupId);

  it('are replaced at once, of a stopped instance too; without a rule in any, no connection begins, and the instance runs on', async () => {
    const closed = shop.ec2.addSecurityGroup({ isClosed: true });
    const placed = shop.ec2.addInstance({
      subnet: shop.subnet,
      securityGroups: [shop.group],
      moreInterfaces: [{ subnet: shop.subnet, securityGroups: [shop.group] }],
    });
    await cloud.pass(5 * minutes);
    const [first, other] = await interfacesOf(placed.id);
    await setGroups(first.NetworkInterfaceId, [closed]);
    expect(shop.ec2.instanceAt(placed.privateIp)).toMatchObject({ serving: true, isOpen: false });
    expect(shop.ec2.isCutOff(placed.id)).toBe(false);
    await setGroups(other.NetworkInterfaceId, [closed]);
    expect(shop.ec2.isCutOff(placed.id)).toBe(true);
    expect(shop.ec2.isServing(placed.id)).toBe(true);
    await setGroups(other.NetworkInterfaceId, [closed, shop.group]);
    expect(shop.ec2.isCutOff(placed.id)).toBe(false);
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [placed.id] });
    await cloud.pass(2 * minutes);
    await setGroups(other.NetworkInterfaceId, [closed]);
    expect((await interfacesOf(placed.id)).map(idsOf)).toEqual([[closed], [closed]]);
  });

  it.each<[string, () => object, string]>([
    ['none', () => ({ Groups: [] }), 'MissingParameter'],
    ['one that does not exist', () => ({ Groups: ['sg-9'] }), 'InvalidGroup.NotFound'],
    ['one of another VPC', () => ({ Groups: [shop.ec2.addSecurityGroup({ vpc: 'vpc-1' })] }), 'InvalidParameter'],
    [
      'more than five',
      () => ({ Groups: Array.from({ length: 6 }, () => shop.ec2.addSecurityGroup()) }),
      'SecurityGroupsPerInterfaceLimitExceeded',
    ],
    [
      'another attribute beside them',
      () => ({ Groups: [shop.group], SourceDestCheck: { Value: true } }),
      'InvalidParameterCombination',
    ],
  ])('are not replaced by %s', async (_, asked, code) => {
    const [first] = await interfacesOf(shop.server.id);
    const change = { NetworkInterfaceId: first.NetworkInterfaceId, ...asked() };
    await expect(ask(shop.ec2, 'ModifyNetworkInterfaceAttribute', change)).rejects.toThrow(refusal(code));
    expect((await interfacesOf(shop.server.id)).map(idsOf)).toEqual([[shop.group]]);
  });
});

describe('a launch with several interfaces', () => {
  it('gives each what is asked for, and the instance what its first has', async () => {
    const id = await launch({ NetworkInterfaces: two() });
    const [first, other] = await interfacesOf(id);
    expect(await described(id)).toMatchObject({
      SubnetId: shop.subnet,
      PrivateIpAddress: first.PrivateIpAddress,
      SecurityGroups: [],
    });
    expect([first.SubnetId, other.SubnetId]).toEqual([shop.subnet, second]);
    expect(other).toMatchObject({
      Description: 'backup',
      Groups: [{ GroupId: shop.group }],
      SourceDestCheck: true,
      Attachment: { DeviceIndex: 1, NetworkCardIndex: 0, DeleteOnTermination: true },
    });
  });

  it('gives no public address, where one interface has that of its subnet unless told otherwise', async () => {
    const only = { DeviceIndex: 0, SubnetId: shop.subnet };
    const addressOf = async (NetworkInterfaces: object[]) =>
      (await described(await launch({ NetworkInterfaces }))).PublicIpAddress;
    expect(await addressOf(two())).toBeUndefined();
    expect(await addressOf([only])).toBeDefined();
    expect(await addressOf([{ ...only, AssociatePublicIpAddress: false }])).toBeUndefined();
    expect(await addressOf([{ ...only, SubnetId: second, AssociatePublicIpAddress: true }])).toBeDefined();
  });

  it('tags them, and AWS tells of it where it describes interfaces', async () => {
    const tags = [{ Key: 'Owner', Value: 'orders' }];
    const id = await launch({
      NetworkInterfaces: two(),
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: tags }],
    });
    const [first] = await interfacesOf(id);
    await ask(shop.ec2, 'CreateTags', { Resources: [first.NetworkInterfaceId], Tags: [{ Key: 'More', Value: 'x' }] });
    const { NetworkInterfaces } = await ask(shop.ec2, 'DescribeNetworkInterfaces', {
      Filters: [
        { Name: 'attachment.instance-id', Values: [id] },
        { Name: 'tag:Owner', Values: ['orders'] },
      ],
    });
    expect(NetworkInterfaces).toHaveLength(2);
    const tagged = NetworkInterfaces.find((each: Answer) => each.NetworkInterfaceId === first.NetworkInterfaceId);
    expect(tagged.TagSet).toEqual([...tags, { Key: 'More', Value: 'x' }]);
  });

  it('is one launch under its token, whatever it asks for the first time', async () => {
    const asked = { NetworkInterfaces: two(), ClientToken: 'once' };
    expect(await launch(asked)).toBe(await launch(asked));
    await expect(launch({ ...asked, NetworkInterfaces: two().toReversed() })).rejects.toThrow(
      refusal('IdempotentParameterMismatch'),
    );
  });

  it.each<[string, () => object, string]>([
    ['a subnet of the instance beside them', () => ({ SubnetId: shop.subnet }), 'InvalidParameterCombination'],
    ['groups of the instance beside them', () => ({ SecurityGroupIds: [shop.group] }), 'InvalidParameterCombination'],
    [
      'one device index twice',
      () => ({ NetworkInterfaces: two().map((each) => ({ ...each, DeviceIndex: 0 })) }),
      'InvalidParameterValue',
    ],
    ['none of index 0', () => ({ NetworkInterfaces: two().slice(0, 1) }), 'InvalidParameterValue'],
    ['no index', () => ({ NetworkInterfaces: [{ SubnetId: shop.subnet }] }), 'MissingParameter'],
    [
      'a public address',
      () => ({ NetworkInterfaces: two().map((each) => ({ ...each, AssociatePublicIpAddress: true })) }),
      'InvalidParameterCombination',
    ],
    [
      'subnets of several zones',
      () => ({ NetworkInterfaces: withSubnet(shop.ec2.addSubnet({ zone: 'us-east-1b' })) }),
      'InvalidParameterCombination',
    ],
    [
      'subnets of several VPCs',
      () => ({ NetworkInterfaces: withSubnet(shop.ec2.addSubnet({ vpc: 'vpc-1' })).map(withoutGroups) }),
      'InvalidParameterCombination',
    ],
    [
      'a group of another VPC',
      () => ({
        NetworkInterfaces: two().map((each) => ({ ...each, Groups: [shop.ec2.addSecurityGroup({ vpc: 'v' })] })),
      }),
      'InvalidParameter',
    ],
    ['a subnet that does not exist', () => ({ NetworkInterfaces: withSubnet('subnet-9') }), 'InvalidSubnetID.NotFound'],
    [
      'more addresses than a subnet has',
      () => ({ NetworkInterfaces: withSubnet(shop.ec2.addSubnet({ addressesMax: 0 })) }),
      'InsufficientFreeAddressesInSubnet',
    ],
  ])('is refused %s, and makes nothing', async (_, asked, code) => {
    const before = shop.ec2.state.instances.size;
    await expect(launch({ NetworkInterfaces: two(), ...asked() })).rejects.toThrow(refusal(code));
    expect(shop.ec2.state.instances.size).toBe(before);
  });

  const withSubnet = (id: string) => two().map((each) => (each.DeviceIndex === 1 ? { ...each, SubnetId: id } : each));
  const withoutGroups = (each: object) => ({ ...each, Groups: [] });

  it('needs an address for every interface, also where they share a subnet', async () => {
    const small = shop.ec2.addSubnet({ cidr: '10.0.3.0/28', addressesMax: 3 });
    const asked = { NetworkInterfaces: two().map((each) => ({ ...each, SubnetId: small })) };
    await launch(asked);
    expect(await freeIn(small)).toBe(1);
    await expect(launch(asked)).rejects.toThrow(refusal('InsufficientFreeAddressesInSubnet'));
  });

  it.each([
    ['NetworkInterfaceId', 'eni-1'],
    ['PrivateIpAddress', '10.0.1.9'],
    ['InterfaceType', 'efa'],
    ['NetworkCardIndex', 0],
    ['Ipv6AddressCount', 1],
    ['SecondaryPrivateIpAddressCount', 1],
  ])('is refused %s by name, since it is not modelled', async (name, value) => {
    const asked = two().map((each) => ({ ...each, [name]: value }));
    await expect(launch({ NetworkInterfaces: asked })).rejects.toThrow(new RegExp(`NetworkInterfaces.${name}`));
  });
});

describe('an instance with several interfaces', () => {
  let id: string;
  beforeEach(async () => {
    id = await launch({ NetworkInterfaces: two() });
    await cloud.pass(1 * minutes);
  });

  it('is not asked about the check of sources itself: each interface is', async () => {
    const off = { SourceDestCheck: { Value: false } };
    await expect(ask(shop.ec2, 'ModifyInstanceAttribute', { InstanceId: id, ...off })).rejects.toThrow(
      refusal('InvalidInstanceID'),
    );
    const { NetworkInterfaceId } = (await interfacesOf(id))[1];
    await ask(shop.ec2, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, ...off });
    expect((await interfacesOf(id)).map((each) => each.SourceDestCheck)).toEqual([true, false]);
    expect((await described(id)).SourceDestCheck).toBe(true);
    await expect(
      ask(shop.ec2, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: 'eni-9', ...off }),
    ).rejects.toThrow(refusal('InvalidNetworkInterfaceID.NotFound'));
    await expect(ask(shop.ec2, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId })).rejects.toThrow(
      refusal('MissingParameter'),
    );
  });

  it('is not given an Elastic IP itself: one of its interfaces is', async () => {
    const AllocationId = shop.ec2.addElasticIp({ publicIp: '198.51.100.7' });
    await expect(ask(shop.ec2, 'AssociateAddress', { AllocationId, InstanceId: id })).rejects.toThrow(
      refusal('InvalidInstanceID'),
    );
    const [first, other] = await interfacesOf(id);
    const { NetworkInterfaceId } = other;
    await expect(
      ask(shop.ec2, 'AssociateAddress', { AllocationId, InstanceId: id, NetworkInterfaceId }),
    ).rejects.toThrow(refusal('InvalidParameterCombination'));
    await ask(shop.ec2, 'AssociateAddress', { AllocationId, NetworkInterfaceId });
    expect((await interfacesOf(id))[1].Association).toEqual({ PublicIp: '198.51.100.7', IpOwnerId: cloud.account });
    expect((await described(id)).PublicIpAddress).toBeUndefined();
    await ask(shop.ec2, 'AssociateAddress', { AllocationId, NetworkInterfaceId: first.NetworkInterfaceId });
    expect((await described(id)).PublicIpAddress).toBe('198.51.100.7');
    expect((await interfacesOf(id))[1].Association).toBeUndefined();
    const { Addresses } = await ask(shop.ec2, 'DescribeAddresses', { AllocationIds: [AllocationId] });
    expect(Addresses[0]).toMatchObject({ InstanceId: id, NetworkInterfaceId: first.NetworkInterfaceId });
  });

  it('leaves none behind when it ends', async () => {
    const free = [await freeIn(shop.subnet), await freeIn(second)];
    await ask(shop.ec2, 'TerminateInstances', { InstanceIds: [id] });
    await cloud.pass(2 * minutes);
    expect([await freeIn(shop.subnet), await freeIn(second)]).toEqual(free.map((count) => count + 1));
    expect(shop.ec2.allResources().filter(({ kind }) => kind === 'network-interface')).toEqual([]);
  });

  it('leaves those behind that were not to be deleted, which is so unless a launch says otherwise', async () => {
    const careless = two().map(({ DeleteOnTermination: _, ...each }) => each);
    const other = await launch({ NetworkInterfaces: careless });
    await ask(shop.ec2, 'TerminateInstances', { InstanceIds: [other] });
    await cloud.pass(2 * minutes);
    expect(shop.ec2.allResources().filter(({ kind }) => kind === 'network-interface')).toHaveLength(2);
    const { NetworkInterfaces } = await ask(shop.ec2, 'DescribeNetworkInterfaces', {
      Filters: [{ Name: 'status', Values: ['available'] }],
    });
    expect(NetworkInterfaces.map(({ SubnetId }: Answer) => SubnetId).toSorted()).toEqual(
      [shop.subnet, second].toSorted(),
    );
  });
});

it('a Region knows its own interfaces only', async () => {
  const { NetworkInterfaces } = await ask(shop.ec2, 'DescribeNetworkInterfaces', {});
  const ids = NetworkInterfaces.map(({ NetworkInterfaceId }: Answer) => NetworkInterfaceId);
  expect(ids).toHaveLength(1);
  await expect(ask(cloud.ec2(away), 'DescribeNetworkInterfaces', { NetworkInterfaceIds: ids })).rejects.toThrow(
    refusal('InvalidNetworkInterfaceID.NotFound'),
  );
});
