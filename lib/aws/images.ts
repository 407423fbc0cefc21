import {
  type ArchitectureValues,
  type BlockDeviceMapping,
  type BootModeValues,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type EC2Client,
  RegisterImageCommand,
  type VolumeType,
} from '@aws-sdk/client-ec2';
import type { PointVolume } from '../domain/catalogue.ts';
import type { LaunchConfiguration } from '../domain/launch-configuration.ts';
import { AwsFailure, awsCall } from './call.ts';
import { type Maker, type OwnerTags, stepFilters, tagSpecification } from './tags.ts';

export interface ImageFacts {
  readonly id: string;
  readonly state: string;
}

export interface ImageRequest {
  /** 3 to 128 characters, unique per Region: it takes the place of a token. @source aws-facts [1.10] */
  readonly name: string;
  readonly configuration: LaunchConfiguration;
  readonly volumes: readonly PointVolume[];
  readonly owner: OwnerTags;
}

/** Encryption follows the snapshot, so neither it nor a key is set: the lineage must stay [1.4]. */
function mappingOf(volume: PointVolume): BlockDeviceMapping {
  const takesIops = ['gp3', 'io1', 'io2'].includes(volume.volumeType);
  return {
    DeviceName: volume.device,
    Ebs: {
      SnapshotId: volume.copy ?? '',
      VolumeSize: volume.sizeGib,
      VolumeType: volume.volumeType as VolumeType,
      DeleteOnTermination: volume.deleteOnTermination,
      ...(takesIops && volume.iops !== null ? { Iops: volume.iops } : {}),
      ...(volume.volumeType === 'gp3' && volume.throughput !== null ? { Throughput: volume.throughput } : {}),
    },
  };
}

/** Registers the image a server is launched from; its defaults (i386, paravirtual) would not boot. @source aws-facts [3.2] */
export async function registerImage(ec2: EC2Client, request: ImageRequest): Promise<ImageFacts> {
  const { configuration } = request;
  try {
    const made = await awsCall(`register image ${request.name}`, () =>
      ec2.send(
        new RegisterImageCommand({
          Name: request.name,
          Architecture: configuration.architecture as ArchitectureValues,
          VirtualizationType: 'hvm',
          RootDeviceName: configuration.rootDevice,
          EnaSupport: configuration.enaSupport,
          BlockDeviceMappings: request.volumes.map(mappingOf),
          TagSpecifications: [tagSpecification('image', request.owner)],
          ...(configuration.tpmSupport === null ? {} : { TpmSupport: 'v2.0' as const }),
          ...firmwareOf(configuration),
        }),
      ),
    );
    return { id: made.ImageId ?? '', state: 'pending' };
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'InvalidAMIName.Duplicate')) throw error;
    const found = await describe(ec2, { Filters: [{ Name: 'name', Values: [request.name] }] });
    return found[0] ?? { id: '', state: 'not visible yet' };
  }
}

/**
 * Variables are taken by images that boot by UEFI, as the server did; its own image may have left that to the type. What an image
 * says of the metadata service is asked for at the launch instead.
 */
function firmwareOf({ bootMode, settings }: LaunchConfiguration) {
  const { uefiData = null, sriovNetSupport = null } = settings ?? {};
  const mode = bootMode ?? (uefiData === null ? null : 'uefi');
  return {
    ...(mode === null ? {} : { BootMode: mode as BootModeValues }),
    ...(uefiData === null ? {} : { UefiData: uefiData }),
    ...(sriovNetSupport === null ? {} : { SriovNetSupport: sriovNetSupport }),
  };
}

export function findImages(ec2: EC2Client, owner: Maker): Promise<ImageFacts[]> {
  return describe(ec2, { Filters: stepFilters(owner) });
}

async function describe(ec2: EC2Client, by: { Filters: { Name: string; Values: string[] }[] }): Promise<ImageFacts[]> {
  const answer = await awsCall('describe images', () =>
    ec2.send(new DescribeImagesCommand({ Owners: ['self'], ...by })),
  );
  return (answer.Images ?? []).map(({ ImageId, State }) => ({ id: ImageId ?? '', state: State ?? 'unknown' }));
}

export async function deregisterImage(ec2: EC2Client, id: string): Promise<void> {
  try {
    await awsCall(`deregister ${id}`, () => ec2.send(new DeregisterImageCommand({ ImageId: id })));
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName.startsWith('InvalidAMIID'))) throw error;
  }
}
