import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceCreditSpecificationsCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
  GetInstanceUefiDataCommand,
  type Instance,
  type InstanceAttribute,
  type InstanceAttributeName,
  type InstanceNetworkInterface,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { notCarriedOf } from '../domain/carried.ts';
import { Failure } from '../domain/failure.ts';
import { type LaunchSettings, type NetworkInterface, uefiDataCharactersMax } from '../domain/launch-configuration.ts';
import { AwsFailure, awsCall } from './call.ts';
import type { InstanceFacts } from './instances.ts';
import { recordOf } from './tags.ts';

/** Reads what DescribeInstances does not tell of an instance, and puts all of its settings together. @source aws-facts [3.7] */
export async function readLaunchSettings(ec2: EC2Client, { id, raw }: InstanceFacts): Promise<LaunchSettings> {
  const type = await describeType(ec2, raw.InstanceType);
  const termination = await readAttribute(ec2, id, 'disableApiTermination');
  const stop = await readAttribute(ec2, id, 'disableApiStop');
  const shutdown = await readAttribute(ec2, id, 'instanceInitiatedShutdownBehavior');
  const behavior = shutdown.InstanceInitiatedShutdownBehavior?.Value;
  return {
    ...settingsOf(raw, type),
    uefiData: raw.CurrentInstanceBootMode === 'uefi' ? await readUefiData(ec2, id) : null,
    cpuCredits: type.BurstablePerformanceSupported === true ? await readCredits(ec2, id) : null,
    shutdownBehavior: behavior === 'terminate' ? 'terminate' : 'stop',
    isStopProtected: stop.DisableApiStop?.Value ?? false,
    isTerminationProtected: termination.DisableApiTermination?.Value ?? false,
  };
}

/** User data as AWS keeps it, base64, or `null`. */
export async function readUserData(ec2: EC2Client, instance: string): Promise<string | null> {
  return (await readAttribute(ec2, instance, 'userData')).UserData?.Value ?? null;
}

function readAttribute(ec2: EC2Client, instance: string, attribute: InstanceAttributeName): Promise<InstanceAttribute> {
  return awsCall(`read ${attribute} of ${instance}`, () =>
    ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: instance, Attribute: attribute })),
  );
}

/** What AWS says of a type stays as it is: it is asked for once, for as long as the function's instance lives. */
const types = new Map<string, InstanceTypeInfo>();

async function describeType(ec2: EC2Client, type: Instance['InstanceType']): Promise<InstanceTypeInfo> {
  const known = types.get(type ?? '');
  if (known !== undefined) return known;
  const answer = await awsCall(`describe instance type ${type ?? ''}`, () =>
    ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: type === undefined ? [] : [type] })),
  );
  const found = answer.InstanceTypes?.[0];
  if (type !== undefined && found !== undefined) types.set(type, found);
  return found ?? {};
}

async function readCredits(ec2: EC2Client, instance: string): Promise<string | null> {
  const answer = await awsCall(`read the credit option of ${instance}`, () =>
    ec2.send(new DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [instance] })),
  );
  return answer.InstanceCreditSpecifications?.[0]?.CpuCredits ?? null;
}

/**
 * The UEFI variables, where AWS keeps any: it does not say for which types it does not.
 * @throws Failure ServerRefused for more of them than an image takes. @source aws-facts [3.2]
 */
async function readUefiData(ec2: EC2Client, instance: string): Promise<string | null> {
  const found = await uefiDataOf(ec2, instance);
  if (found !== null && found.length > uefiDataCharactersMax)
    throw new Failure(
      'ServerRefused',
      `The UEFI variables of ${instance} take ${found.length} characters, more than the ${uefiDataCharactersMax} that an image takes: it could not be launched with them. Remove variables that it does not need.`,
    );
  return found;
}

async function uefiDataOf(ec2: EC2Client, instance: string): Promise<string | null> {
  try {
    const answer = await awsCall(`read the UEFI variables of ${instance}`, () =>
      ec2.send(new GetInstanceUefiDataCommand({ InstanceId: instance })),
    );
    return answer.UefiData === undefined || answer.UefiData === '' ? null : answer.UefiData;
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'UnsupportedOperation') return null;
    throw error;
  }
}

type Described = Omit<
  LaunchSettings,
  'uefiData' | 'cpuCredits' | 'shutdownBehavior' | 'isStopProtected' | 'isTerminationProtected'
>;

function settingsOf(raw: Instance, type: InstanceTypeInfo): Described {
  const interfaces = (raw.NetworkInterfaces ?? [])
    .map(interfaceOf)
    .toSorted((one, other) => one.deviceIndex - other.deviceIndex);
  const weighting = raw.NetworkPerformanceOptions?.BandwidthWeighting ?? 'default';
  const hostname = raw.PrivateDnsNameOptions;
  const { GroupName: group = '' } = raw.Placement ?? {};
  return {
    sriovNetSupport: raw.SriovNetSupport ?? null,
    metadata: metadataOf(raw),
    cpu: cpuOf(raw, type),
    isMonitored: raw.Monitoring?.State === 'enabled' || raw.Monitoring?.State === 'pending',
    isRecoveredByAws: raw.MaintenanceOptions?.AutoRecovery !== 'disabled',
    hostname:
      hostname?.HostnameType === undefined
        ? null
        : { type: hostname.HostnameType, answersA: hostname.EnableResourceNameDnsARecord ?? false },
    hasEnclaves: raw.EnclaveOptions?.Enabled ?? false,
    tenancy: raw.Placement?.Tenancy === 'dedicated' ? 'dedicated' : 'default',
    bandwidthWeighting: weighting === 'default' ? null : weighting,
    isSourceDestChecked: raw.SourceDestCheck ?? true,
    interfaces,
    notCarried: notCarriedOf({
      placementGroup: group === '' ? null : group,
      capacityReservation: raw.CapacityReservationId ?? null,
      licences: (raw.Licenses ?? []).map(({ LicenseConfigurationArn }) => LicenseConfigurationArn ?? ''),
      answersAaaa: hostname?.EnableResourceNameDnsAAAARecord ?? false,
      isMigratedAtReboot: raw.MaintenanceOptions?.RebootMigration !== 'disabled',
      interfaces,
      tags: recordOf(raw.Tags),
    }),
  };
}

function metadataOf({ MetadataOptions: options }: Instance): LaunchSettings['metadata'] {
  if (options === undefined) return null;
  return {
    endpoint: options.HttpEndpoint ?? 'enabled',
    hopLimit: options.HttpPutResponseHopLimit ?? 1,
    ipv6: options.HttpProtocolIpv6 ?? 'disabled',
    instanceTags: options.InstanceMetadataTags ?? 'disabled',
  };
}

/** Options that are the type's own are left out: not every type may be asked for them. @source EC2 guide, CPU options */
function cpuOf({ CpuOptions: options }: Instance, { VCpuInfo: own }: InstanceTypeInfo): LaunchSettings['cpu'] {
  const { CoreCount: coreCount, ThreadsPerCore: threadsPerCore } = options ?? {};
  if (coreCount === undefined || threadsPerCore === undefined) return null;
  const amdSevSnp = options?.AmdSevSnp === 'enabled';
  const nestedVirtualization = options?.NestedVirtualization === 'enabled';
  const isOwn = coreCount === own?.DefaultCores && threadsPerCore === own.DefaultThreadsPerCore;
  return isOwn && !amdSevSnp && !nestedVirtualization
    ? null
    : { coreCount, threadsPerCore, amdSevSnp, nestedVirtualization };
}

function interfaceOf(raw: InstanceNetworkInterface): NetworkInterface {
  const { PrivateIpAddresses: addresses = [], Ipv6Addresses: ipv6 = [], Groups: groups = [] } = raw;
  return {
    deviceIndex: raw.Attachment?.DeviceIndex ?? 0,
    type: raw.InterfaceType ?? 'interface',
    subnet: raw.SubnetId ?? '',
    securityGroups: groups.map(({ GroupId }) => GroupId ?? ''),
    privateAddress: raw.PrivateIpAddress ?? '',
    secondaryAddresses: addresses.filter(({ Primary }) => Primary !== true).map((each) => each.PrivateIpAddress ?? ''),
    ipv6Addresses: ipv6.map(({ Ipv6Address }) => Ipv6Address ?? ''),
    description: raw.Description ?? '',
    isSourceDestChecked: raw.SourceDestCheck ?? true,
    deleteOnTermination: raw.Attachment?.DeleteOnTermination ?? true,
  };
}
