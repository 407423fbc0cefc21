import { beforeEach, describe, expect, it } from 'vitest';
import { Iam } from '../../sim/iam/iam.ts';
import { Kms } from '../../sim/kms/kms.ts';
import { ServiceQuotas } from '../../sim/servicequotas/servicequotas.ts';
import { ask, BlockCloud, home, imageOf, launchOne, minutes, placeShop } from './ec2-cloud.ts';

const standard = 'L-1216C47A';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
let iam: Iam;
let quotas: ServiceQuotas;
let image: string;
beforeEach(async () => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
  const surroundings = { region: home, account: cloud.account, cloud };
  iam = new Iam(surroundings);
  quotas = new ServiceQuotas(surroundings);
  Object.assign(cloud.services(home), { iam });
  image = await imageOf(cloud, shop.root);
});

const refusal = (code: string) => expect.objectContaining({ code });
const launch = (more: object = {}) =>
  launchOne(shop, image, { SubnetId: shop.subnet, SecurityGroupIds: [shop.group], ...more });
const quota = (code: string, ServiceCode = 'ec2', operation = 'GetServiceQuota') =>
  ask(quotas, operation, { ServiceCode, QuotaCode: code });

describe('an instance type', () => {
  it('that no zone offers is left out by the filter, and refused by name', async () => {
    const described = async (input: object) =>
      (await ask(shop.ec2, 'DescribeInstanceTypes', input)).InstanceTypes.map(
        ({ InstanceType }: { InstanceType: string }) => InstanceType,
      );
    const names = ['m7i.large', 'm9z.large'];
    const filter = { Filters: [{ Name: 'instance-type', Values: names }] };
    expect(await described(filter)).toEqual(names);
    const zones = new Set([...shop.ec2.state.subnets.values()].map(({ zone }) => zone));
    for (const zone of zones) shop.ec2.setOffered(zone, 'm9z.large', false);
    expect(await described(filter)).toEqual(['m7i.large']);
    await expect(described({ InstanceTypes: names })).rejects.toEqual(refusal('InvalidInstanceType'));
  });
});

describe('the rate at which volumes of a launch are filled', () => {
  const rated = (rate: number, more: object = {}) =>
    launch({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeInitializationRate: rate } }], ...more });

  it('is told of the volume, leaves all else of it as its image says, and needs room in the zone and in the quota', async () => {
    for (const rate of [99, 301]) await expect(rated(rate)).rejects.toEqual(refusal('InvalidParameterValue'));
    const { Instances } = await rated(300);
    await cloud.pass(1 * minutes);
    const { Volumes } = await ask(shop.ec2, 'DescribeVolumes', {
      Filters: [{ Name: 'attachment.instance-id', Values: [Instances[0].InstanceId] }],
    });
    expect(Volumes).toMatchObject([{ Size: 1, VolumeInitializationRate: 300, SnapshotId: expect.any(String) }]);
    shop.ec2.state.quotas.give('L-A37D9CF3', 299);
    await expect(rated(300)).rejects.toEqual(refusal('VolumeInitializationRateLimitExceeded'));
    expect((await rated(200)).Instances).toHaveLength(1);
    shop.ec2.setCapacity(`${home}a`, 'volume initialization', false);
    await expect(rated(200)).rejects.toEqual(refusal('InsufficientVolumeInitializationCapacity'));
    expect((await launch()).Instances).toHaveLength(1);
  });
});

describe('the user data of a launch', () => {
  it('has 16 KiB at most before it is encoded', async () => {
    const ofBytes = (count: number) => ({ UserData: Buffer.alloc(count, 'x').toString('base64') });
    expect((await launch(ofBytes(16_384))).Instances).toHaveLength(1);
    await expect(launch(ofBytes(16_385))).rejects.toEqual(refusal('InvalidParameterValue'));
  });
});

describe('the key pair of a launch', () => {
  it('must be one of the Region', async () => {
    await expect(launch({ KeyName: 'operators' })).rejects.toEqual(refusal('InvalidKeyPair.NotFound'));
    shop.ec2.addKeyPair('operators');
    shop.ec2.addKeyPair('others');
    expect((await launch({ KeyName: 'operators' })).Instances).toHaveLength(1);
    const named = { Filters: [{ Name: 'key-name', Values: ['operators', 'nobody'] }] };
    expect((await ask(shop.ec2, 'DescribeKeyPairs', named)).KeyPairs).toMatchObject([{ KeyName: 'operators' }]);
    await expect(ask(shop.ec2, 'DescribeKeyPairs', { KeyNames: ['operators', 'nobody'] })).rejects.toEqual(
      refusal('InvalidKeyPair.NotFound'),
    );
  });
});

describe('the instance profile of a launch', () => {
  it('must be there under its whole ARN or its name, and have a role', async () => {
    const wrong = refusal('InvalidParameterValue');
    const Arn = iam.addInstanceProfile({ name: 'web', path: '/apps/' });
    expect((await launch({ IamInstanceProfile: { Arn } })).Instances).toHaveLength(1);
    expect((await launch({ IamInstanceProfile: { Name: 'web' } })).Instances).toHaveLength(1);
    await expect(launch({ IamInstanceProfile: { Arn: Arn.replace('/apps', '') } })).rejects.toEqual(wrong);
    const read = await ask(iam, 'GetInstanceProfile', { InstanceProfileName: 'web' });
    expect(read.InstanceProfile).toMatchObject({ Arn, Path: '/apps/', Roles: [{ RoleName: 'web' }] });
    iam.addInstanceProfile({ name: 'empty', hasRole: false });
    await expect(launch({ IamInstanceProfile: { Name: 'empty' } })).rejects.toEqual(wrong);
    iam.removeInstanceProfile('web');
    await expect(launch({ IamInstanceProfile: { Arn } })).rejects.toEqual(wrong);
    await expect(ask(iam, 'GetInstanceProfile', { InstanceProfileName: 'web' })).rejects.toEqual(
      refusal('NoSuchEntity'),
    );
  });
});

it('a KMS key is told with its state and what it is for, in its own Region only', async () => {
  const kms = new Kms({ region: home, account: cloud.account, cloud });
  const described = async (KeyId: string) => (await ask(kms, 'DescribeKey', { KeyId })).KeyMetadata;
  const key = shop.ec2.addKey();
  const usable = { Arn: key, KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' };
  expect(await described(key.slice(key.lastIndexOf('/') + 1))).toMatchObject(usable);
  shop.ec2.state.keys.change(key, { state: 'PendingDeletion', spec: 'RSA_4096' });
  expect(await described(key)).toMatchObject({ Enabled: false, KeyState: 'PendingDeletion', KeyUsage: 'SIGN_VERIFY' });
  expect((await described('alias/aws/ebs')).Arn).toBe(shop.ec2.state.keys.defaultArn);
  await expect(described(key.replace(home, 'eu-north-1'))).rejects.toEqual(refusal('NotFoundException'));
});

describe('quotas', () => {
  it('of vCPUs count what is not ended, and none that was bought as Spot', async () => {
    // The placed server has two vCPUs already.
    shop.ec2.state.quotas.give(standard, 6);
    const [first] = (await launch({ MinCount: 2, MaxCount: 2 })).Instances;
    await expect(launch()).rejects.toEqual(refusal('VcpuLimitExceeded'));
    await cloud.pass(minutes);
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [first.InstanceId] });
    await expect(launch()).rejects.toEqual(refusal('VcpuLimitExceeded'));
    await cloud.pass(2 * minutes);
    expect((await launch()).Instances).toHaveLength(1);
    await expect(ask(shop.ec2, 'StartInstances', { InstanceIds: [first.InstanceId] })).rejects.toEqual(
      refusal('VcpuLimitExceeded'),
    );
    shop.ec2.setPurchase(shop.server.id, { InstanceLifecycle: 'spot' });
    await ask(shop.ec2, 'StartInstances', { InstanceIds: [first.InstanceId] });
    await expect(launch({ InstanceType: 'g5.xlarge' })).rejects.toEqual(refusal('VcpuLimitExceeded'));
  });

  it('of storage count every volume of a type', async () => {
    const used = [...shop.ec2.state.volumes.values()].filter(({ volumeType }) => volumeType === 'gp2').length;
    shop.ec2.state.quotas.give('L-D18FCD1D', (used + 1) / 1_024);
    const wanted = { AvailabilityZone: `${home}a`, Size: 1, VolumeType: 'gp2' };
    await ask(shop.ec2, 'CreateVolume', wanted);
    await expect(ask(shop.ec2, 'CreateVolume', wanted)).rejects.toEqual(refusal('VolumeLimitExceeded'));
    await expect(launch()).rejects.toEqual(refusal('VolumeLimitExceeded'));
  });

  it('of IOPS count every volume of io1 and io2', async () => {
    shop.ec2.state.quotas.give('L-8D977E7E', 1_000);
    const wanted = { AvailabilityZone: `${home}a`, Size: 4, VolumeType: 'io2', Iops: 600 };
    await ask(shop.ec2, 'CreateVolume', wanted);
    await expect(ask(shop.ec2, 'CreateVolume', wanted)).rejects.toEqual(refusal('MaxIOPSLimitExceeded'));
    await ask(shop.ec2, 'CreateVolume', { ...wanted, VolumeType: 'io1' });
    await ask(shop.ec2, 'CreateVolume', { ...wanted, VolumeType: 'gp3', Iops: 3_000 });
  });

  it('are told as given, or by default where nothing was given', async () => {
    shop.ec2.state.quotas.give(standard, 64);
    expect((await quota(standard)).Quota).toMatchObject({ QuotaCode: standard, Value: 64 });
    const byDefault = await quota(standard, 'ec2', 'GetAWSDefaultServiceQuota');
    expect(byDefault.Quota).toMatchObject({
      Value: 5,
      QuotaArn: `arn:aws:servicequotas:${home}:123456789012:ec2/${standard}`,
    });
    await expect(quota('L-7A658B76', 'ebs')).rejects.toEqual(refusal('NoSuchResourceException'));
    expect((await quota('L-7A658B76', 'ebs', 'GetAWSDefaultServiceQuota')).Quota.Value).toBe(50);
    shop.ec2.state.quotas.untold.add(standard);
    const { Value, ErrorReason } = (await quota(standard)).Quota;
    expect([Value, ErrorReason.ErrorCode]).toEqual([undefined, 'DEPENDENCY_SERVICE_ERROR']);
    await expect(quota('L-7A658B76')).rejects.toEqual(refusal('NoSuchResourceException'));
    await expect(quota('L-1', 'sns')).rejects.toEqual(refusal('NotModelled'));
    expect(() => shop.ec2.state.quotas.give('L-1', 5)).toThrow('not a quota');
  });
});
