import {
  type _InstanceType,
  type EC2Client,
  type HostnameType,
  type HttpTokensState,
  type InstanceBandwidthWeighting,
  type InstanceMetadataEndpointState,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { type CapacityPolicy, reservationIn } from '../domain/capacity.ts';
import type { LaunchConfiguration, LaunchSettings } from '../domain/launch-configuration.ts';
import type { LaunchInterface } from '../domain/launch-network.ts';
import { awsCall } from './call.ts';
import { type OwnerTags, tagSpecification } from './tags.ts';

export interface LaunchRequest {
  readonly image: string;
  readonly configuration: LaunchConfiguration;
  /** One at least. */
  readonly interfaces: readonly LaunchInterface[];
  readonly token: string;
  readonly owner: OwnerTags;
  /** Devices of the image, and the rate at which AWS is to fill them. */
  readonly hydration?: { readonly devices: readonly string[]; readonly mibPerSecond: number } | undefined;
  /** `open`, `none` or the id of a Capacity Reservation. */
  readonly capacity: CapacityPolicy;
}

/** Launches exactly one instance as it was captured; the token makes a repeat return the same one. @source aws-facts [3.3] */
export async function launchInstance(ec2: EC2Client, request: LaunchRequest): Promise<string> {
  const { configuration, owner } = request;
  const answer = await awsCall(`launch server ${owner.server ?? ''} from ${request.image}`, () =>
    ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        ImageId: request.image,
        InstanceType: configuration.instanceType as _InstanceType,
        ClientToken: request.token,
        EbsOptimized: configuration.ebsOptimized,
        ...networkOf(request),
        ...hydrationOf(request),
        ...capacityOf(request),
        ...(configuration.keyName === null ? {} : { KeyName: configuration.keyName }),
        ...(configuration.instanceProfile === null
          ? {}
          : { IamInstanceProfile: { Arn: configuration.instanceProfile } }),
        ...(configuration.userData === null ? {} : { UserData: configuration.userData }),
        ...metadataOf(configuration),
        ...(configuration.settings === undefined ? {} : optionsOf(configuration.settings)),
      }),
    ),
  );
  return answer.Instances?.[0]?.InstanceId ?? '';
}

type Input = Partial<RunInstancesCommandInput>;

/**
 * The only interface is said of the instance; of several each is said by itself, and AWS takes no mixture. None may outlive the instance:
 * what an undo terminates leaves nothing (I8). Their tags are what limits who may change them. @source aws-facts [3.3], [8.2]
 */
function networkOf({ interfaces, configuration, owner }: LaunchRequest): Input {
  const tags = [tagSpecification('instance', owner, configuration.tags), tagSpecification('volume', owner)];
  const [first, ...others] = interfaces;
  if (others.length === 0)
    return {
      SubnetId: first?.subnet,
      SecurityGroupIds: [...(first?.securityGroups ?? [])],
      TagSpecifications: tags,
    };
  return {
    NetworkInterfaces: interfaces.map(({ deviceIndex, subnet, securityGroups, description }) => ({
      DeviceIndex: deviceIndex,
      SubnetId: subnet,
      Groups: [...securityGroups],
      DeleteOnTermination: true,
      ...(description === '' ? {} : { Description: description }),
    })),
    TagSpecifications: [...tags, tagSpecification('network-interface', owner)],
  };
}

/** All else of a volume is as its image says. @source aws-facts [1.8], [3.1] */
function hydrationOf({ hydration }: LaunchRequest): Input {
  if (hydration === undefined) return {};
  const { devices, mibPerSecond: rate } = hydration;
  return {
    BlockDeviceMappings: devices.map((name) => ({ DeviceName: name, Ebs: { VolumeInitializationRate: rate } })),
  };
}

/** `open` is what AWS does unasked. @source EC2 API reference, CapacityReservationSpecification: a preference or a target, not both */
function capacityOf({ capacity }: LaunchRequest): Input {
  if (capacity === 'open') return {};
  const reservation = reservationIn(capacity);
  return {
    CapacityReservationSpecification:
      reservation === undefined
        ? { CapacityReservationPreference: 'none' }
        : { CapacityReservationTarget: { CapacityReservationId: reservation } },
  };
}

/** With the endpoint off AWS takes none of the other options, and not every Region knows the last two. */
function metadataOf({ httpTokens, settings }: LaunchConfiguration): Input {
  const { endpoint, hopLimit, ipv6, instanceTags } = settings?.metadata ?? {};
  if (endpoint === 'disabled') return { MetadataOptions: { HttpEndpoint: endpoint } };
  const tokens = httpTokens === null ? {} : { HttpTokens: httpTokens as HttpTokensState };
  if (endpoint === undefined) return httpTokens === null ? {} : { MetadataOptions: tokens };
  return {
    MetadataOptions: {
      ...tokens,
      HttpEndpoint: endpoint as InstanceMetadataEndpointState,
      HttpPutResponseHopLimit: hopLimit,
      ...(ipv6 === 'enabled' ? { HttpProtocolIpv6: ipv6 } : {}),
      ...(instanceTags === 'enabled' ? { InstanceMetadataTags: instanceTags } : {}),
    },
  };
}

/**
 * Options that not every type or Region knows are asked for only where the server had other than AWS's own. The protections are not
 * among them: an undo must be able to end what was launched. @source aws-facts [3.7]
 */
function optionsOf(settings: LaunchSettings): Input {
  const { cpu, hostname } = settings;
  return {
    ...(cpu === null ? {} : { CpuOptions: cpuOf(cpu) }),
    ...(settings.cpuCredits === null ? {} : { CreditSpecification: { CpuCredits: settings.cpuCredits } }),
    ...(settings.isMonitored ? { Monitoring: { Enabled: true } } : {}),
    ...(settings.isRecoveredByAws ? {} : { MaintenanceOptions: { AutoRecovery: 'disabled' as const } }),
    ...(hostname === null
      ? {}
      : {
          PrivateDnsNameOptions: {
            HostnameType: hostname.type as HostnameType,
            EnableResourceNameDnsARecord: hostname.answersA,
          },
        }),
    ...(settings.hasEnclaves ? { EnclaveOptions: { Enabled: true } } : {}),
    ...(settings.tenancy === 'default' ? {} : { Placement: { Tenancy: settings.tenancy } }),
    ...(settings.bandwidthWeighting === null
      ? {}
      : {
          NetworkPerformanceOptions: {
            BandwidthWeighting: settings.bandwidthWeighting as InstanceBandwidthWeighting,
          },
        }),
    InstanceInitiatedShutdownBehavior: settings.shutdownBehavior,
  };
}

function cpuOf({ coreCount, threadsPerCore, amdSevSnp, nestedVirtualization }: NonNullable<LaunchSettings['cpu']>) {
  return {
    CoreCount: coreCount,
    ThreadsPerCore: threadsPerCore,
    ...(amdSevSnp ? { AmdSevSnp: 'enabled' as const } : {}),
    ...(nestedVirtualization ? { NestedVirtualization: 'enabled' as const } : {}),
  };
}
