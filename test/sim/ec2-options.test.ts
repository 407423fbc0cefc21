import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, ask, BlockCloud, imageOf, launchOne, placeShop } from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
beforeEach(() => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
});

const refusal = (code: string) => expect.objectContaining({ code });

/** Of the shop's root, under another name each time. */
const newImage = (more: object = {}) =>
  imageOf(cloud, shop.root, { Name: `image ${Math.round(cloud.clock.now())}`, ...more });

async function launch(more: object, image?: string): Promise<string> {
  const { Instances } = await launchOne(shop, image ?? (await newImage()), { SubnetId: shop.subnet, ...more });
  return Instances[0].InstanceId;
}

async function described(id: string): Promise<Answer> {
  const { Reservations } = await ask(shop.ec2, 'DescribeInstances', { InstanceIds: [id] });
  return Reservations[0].Instances[0];
}

const attribute = async (id: string, name: string) =>
  ask(shop.ec2, 'DescribeInstanceAttribute', { InstanceId: id, Attribute: name });
const uefi = (id: string) => ask(shop.ec2, 'GetInstanceUefiData', { InstanceId: id });
const credits = (id: string) => ask(shop.ec2, 'DescribeInstanceCreditSpecifications', { InstanceIds: [id] });

describe('what a launch asks for is what is described', () => {
  it('in every option', async () => {
    const asked = {
      MetadataOptions: {
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 3,
        HttpEndpoint: 'enabled',
        HttpProtocolIpv6: 'enabled',
        InstanceMetadataTags: 'enabled',
      },
      Monitoring: { Enabled: true },
      MaintenanceOptions: { AutoRecovery: 'disabled' },
      PrivateDnsNameOptions: { HostnameType: 'resource-name', EnableResourceNameDnsARecord: true },
      EnclaveOptions: { Enabled: true },
      NetworkPerformanceOptions: { BandwidthWeighting: 'ebs-1' },
      Placement: { Tenancy: 'dedicated' },
      CpuOptions: { CoreCount: 2, ThreadsPerCore: 1 },
      InstanceInitiatedShutdownBehavior: 'terminate',
    };
    const id = await launch({ ...asked, InstanceType: 'm7i.xlarge' });
    const { InstanceInitiatedShutdownBehavior: _, ...told } = asked;
    expect(await described(id)).toMatchObject({
      ...told,
      MetadataOptions: { ...asked.MetadataOptions, State: 'applied' },
      Monitoring: { State: 'enabled' },
    });
    const { InstanceInitiatedShutdownBehavior } = await attribute(id, 'instanceInitiatedShutdownBehavior');
    expect(InstanceInitiatedShutdownBehavior).toEqual({ Value: 'terminate' });
  });

  it('and AWS has defaults for the rest', async () => {
    expect(await described(await launch({}))).toMatchObject({
      MetadataOptions: {
        HttpTokens: 'optional',
        HttpPutResponseHopLimit: 1,
        HttpEndpoint: 'enabled',
        HttpProtocolIpv6: 'disabled',
        InstanceMetadataTags: 'disabled',
      },
      Monitoring: { State: 'disabled' },
      EnclaveOptions: { Enabled: false },
      Placement: { Tenancy: 'default' },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      SourceDestCheck: true,
    });
  });

  it('but for an image with IMDS support tokens are required, over two hops', async () => {
    const id = await launch({}, await newImage({ ImdsSupport: 'v2.0' }));
    expect((await described(id)).MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 2 });
  });
});

describe('a launch is refused', () => {
  it.each([
    [
      'other metadata options beside an endpoint that is off',
      { MetadataOptions: { HttpEndpoint: 'disabled', HttpTokens: 'required' } },
      'InvalidParameterCombination',
    ],
    ['65 hops', { MetadataOptions: { HttpPutResponseHopLimit: 65 } }, 'InvalidParameterValue'],
    [
      'credits for a type without',
      { CreditSpecification: { CpuCredits: 'standard' } },
      'InstanceCreditSpecification.NotSupported',
    ],
    ['cores without threads', { CpuOptions: { CoreCount: 1 } }, 'MissingParameter'],
    ['more cores than the type has', { CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 } }, 'InvalidParameterValue'],
    ['an enclave on two vCPU of Intel', { EnclaveOptions: { Enabled: true } }, 'UnsupportedOperation'],
    [
      'AAAA records in a subnet without IPv6',
      { PrivateDnsNameOptions: { EnableResourceNameDnsAAAARecord: true } },
      'InvalidParameterCombination',
    ],
    [
      'CPU options of a T2 type',
      { InstanceType: 't2.large', CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 } },
      'InvalidParameterCombination',
    ],
  ])('%s', async (_, asked, code) => {
    await expect(launch(asked)).rejects.toThrow(refusal(code));
  });

  it.each([
    [{ Placement: { Tenancy: 'host' } }, /Placement.Tenancy host/],
    [{ Placement: { GroupName: 'close' } }, /Placement.GroupName/],
    [{ MaintenanceOptions: { RebootMigration: 'disabled' } }, /MaintenanceOptions.RebootMigration/],
  ])('%o by name, since it is not modelled', async (asked, name) => {
    await expect(launch(asked)).rejects.toThrow(name);
  });
});

describe('credits', () => {
  it('of burstable types are unlimited unless asked otherwise, of T2 standard', async () => {
    const answer = async (more: object) =>
      (await credits(await launch(more))).InstanceCreditSpecifications[0].CpuCredits;
    expect(await answer({ InstanceType: 't3.medium' })).toBe('unlimited');
    expect(await answer({ InstanceType: 't2.medium' })).toBe('standard');
    expect(await answer({ InstanceType: 't3.medium', CreditSpecification: { CpuCredits: 'standard' } })).toBe(
      'standard',
    );
  });

  it('are an error for another type', async () => {
    await expect(credits(shop.server.id)).rejects.toThrow(refusal('InvalidParameterValue'));
  });
});

describe('UEFI variables', () => {
  const variables = Buffer.from('secure boot keys').toString('base64');

  it('come from the image, and without them firmware begins afresh', async () => {
    const withOwn = await launch({}, await newImage({ BootMode: 'uefi', UefiData: variables }));
    const without = await launch({}, await newImage({ BootMode: 'uefi' }));
    expect((await uefi(withOwn)).UefiData).toBe(variables);
    expect((await uefi(without)).UefiData).not.toBe(variables);
    expect((await described(without)).CurrentInstanceBootMode).toBe('uefi');
  });

  it('are an error for an instance that boots otherwise', async () => {
    await expect(uefi(shop.server.id)).rejects.toThrow(refusal('UnsupportedOperation'));
  });

  it.each([
    ['without the boot mode', { UefiData: variables }, 'InvalidParameterCombination'],
    ['of more than 64,000 characters', { BootMode: 'uefi', UefiData: 'A'.repeat(64_004) }, 'InvalidParameterValue'],
    ['that are not base64', { BootMode: 'uefi', UefiData: '{}' }, 'InvalidParameterValue'],
    ['of a TPM without the boot mode', { TpmSupport: 'v2.0' }, 'InvalidParameterCombination'],
    ['beside unknown SR-IOV', { SriovNetSupport: 'double' }, 'InvalidParameterValue'],
  ])('%s are refused', async (_, more, code) => {
    await expect(newImage(more)).rejects.toThrow(refusal(code));
  });
});

describe('a protected instance', () => {
  const set = (id: string, change: object) => ask(shop.ec2, 'ModifyInstanceAttribute', { InstanceId: id, ...change });

  it.each([
    ['StopInstances', 'DisableApiStop'],
    ['TerminateInstances', 'DisableApiTermination'],
  ])('refuses %s while %s is on, and keeps others from it that are named beside it', async (operation, protection) => {
    const other = shop.ec2.addInstance({ subnet: shop.subnet }).id;
    const ids = { InstanceIds: [other, shop.server.id] };
    await set(shop.server.id, { [protection]: { Value: true } });
    await expect(ask(shop.ec2, operation, ids)).rejects.toThrow(refusal('OperationNotPermitted'));
    expect((await described(other)).State.Name).toBe('running');
    await set(shop.server.id, { [protection]: { Value: false } });
    await expect(ask(shop.ec2, operation, ids)).resolves.toBeDefined();
  });

  it('may be terminated while it may not be stopped', async () => {
    await set(shop.server.id, { DisableApiStop: { Value: true } });
    await expect(ask(shop.ec2, 'TerminateInstances', { InstanceIds: [shop.server.id] })).resolves.toBeDefined();
  });
});
