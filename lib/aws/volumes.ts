import {
  AttachVolumeCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type EC2Client,
  type Filter,
  GetEbsEncryptionByDefaultCommand,
  type Volume,
  type VolumeType,
} from '@aws-sdk/client-ec2';
import { awsCall, type Patience } from './call.ts';
import { inFilters } from './filters.ts';
import { tags as keys } from '../names.ts';
import {
  isOfDrill,
  type Maker,
  type OwnerTags,
  ownerTags,
  recordOf,
  stepFilters,
  tagFilters,
  tagsOf,
  tagSpecification,
} from './tags.ts';

export interface VolumeFacts {
  readonly id: string;
  readonly state: string;
  readonly sizeGib: number;
  readonly volumeType: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly isEncrypted: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** `attaching`, `attached`, `detaching`, or `undefined` when free. */
  readonly attachment: string | undefined;
  readonly instance: string | undefined;
}

export function describeVolumes(ec2: EC2Client, ids: readonly string[]): Promise<VolumeFacts[]> {
  return Promise.all(inFilters(ids).map((some) => listVolumes(ec2, [{ Name: 'volume-id', Values: some }]))).then(
    (lists) => lists.flat(),
  );
}

/** Whether the Region encrypts every new volume and snapshot, whatever is asked for. */
export async function encryptsByDefault(ec2: EC2Client): Promise<boolean> {
  const answer = await awsCall('read whether EBS encrypts by default', () =>
    ec2.send(new GetEbsEncryptionByDefaultCommand({})),
  );
  return answer.EbsEncryptionByDefault ?? false;
}

/** Volumes that a step, or without one its operation, created or took the place of, by their tags; with a purpose, only those that have it. */
export function findVolumes(ec2: EC2Client, maker: Maker, purpose?: string): Promise<VolumeFacts[]> {
  return listVolumes(ec2, [
    ...stepFilters(maker),
    ...(purpose === undefined ? [] : tagFilters({ [keys.purpose]: purpose })),
  ]);
}

/** Every volume of the Region that is of one of these types, whoever made it, but for a drill of the plan. */
export async function volumesOfTypes(
  ec2: EC2Client,
  types: readonly string[],
  plan: string,
  patience: Patience,
): Promise<Pick<VolumeFacts, 'volumeType' | 'sizeGib' | 'iops'>[]> {
  // An empty filter would be refused.
  if (types.length === 0) return [];
  const filters = [{ Name: 'volume-type', Values: [...types] }];
  const keep = ({ VolumeType = 'gp2', Size = 0, Iops, Tags }: Volume) =>
    isOfDrill(Tags, plan) ? [] : [{ volumeType: VolumeType, sizeGib: Size, iops: Iops ?? null }];
  return keepOfVolumes(ec2, filters, keep, patience);
}

function listVolumes(ec2: EC2Client, filters: Filter[]): Promise<VolumeFacts[]> {
  return keepOfVolumes(ec2, filters, (volume) => [factsOf(volume)]);
}

async function keepOfVolumes<Kept>(
  ec2: EC2Client,
  filters: Filter[],
  keep: (volume: Volume) => readonly Kept[],
  patience: Patience = {},
): Promise<Kept[]> {
  const found: Kept[] = [];
  let token: string | undefined;
  do {
    const input = { Filters: filters, MaxResults: 500, ...(token === undefined ? {} : { NextToken: token }) };
    const page = await awsCall('describe volumes', () => ec2.send(new DescribeVolumesCommand(input), patience));
    found.push(...(page.Volumes ?? []).flatMap(keep));
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

function factsOf(volume: Volume): VolumeFacts {
  const attachment = volume.Attachments?.find(({ State }) => State !== 'detached');
  return {
    id: volume.VolumeId ?? '',
    state: volume.State ?? 'unknown',
    sizeGib: volume.Size ?? 0,
    volumeType: volume.VolumeType ?? 'gp2',
    iops: volume.Iops ?? null,
    throughput: volume.Throughput ?? null,
    isEncrypted: volume.Encrypted ?? false,
    tags: recordOf(volume.Tags),
    attachment: attachment?.State,
    instance: attachment?.InstanceId,
  };
}

export interface VolumeRequest {
  readonly snapshot: string;
  readonly zone: string;
  readonly volumeType: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
  readonly owner: OwnerTags;
}

/** Builds a volume from a snapshot, of its size and under its key. AWS's default type is gp2, so the type is always given. @source aws-facts [3.6] */
export async function createVolume(ec2: EC2Client, request: VolumeRequest): Promise<string> {
  const takesIops = ['gp3', 'io1', 'io2'].includes(request.volumeType);
  const made = await awsCall(`create a volume from ${request.snapshot}`, () =>
    ec2.send(
      new CreateVolumeCommand({
        AvailabilityZone: request.zone,
        SnapshotId: request.snapshot,
        VolumeType: request.volumeType as VolumeType,
        ClientToken: request.token,
        ...(takesIops && request.iops !== null ? { Iops: request.iops } : {}),
        ...(request.volumeType === 'gp3' && request.throughput !== null ? { Throughput: request.throughput } : {}),
        TagSpecifications: [tagSpecification('volume', request.owner, request.tags)],
      }),
    ),
  );
  return made.VolumeId ?? '';
}

export async function attachVolume(ec2: EC2Client, volume: string, instance: string, device: string): Promise<void> {
  await awsCall(`attach ${volume} to ${instance} as ${device}`, () =>
    ec2.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: instance, Device: device })),
  );
}

export async function detachVolume(ec2: EC2Client, volume: string, instance: string): Promise<void> {
  await awsCall(`detach ${volume} from ${instance}`, () =>
    ec2.send(new DetachVolumeCommand({ VolumeId: volume, InstanceId: instance })),
  );
}

async function deleteVolume(ec2: EC2Client, volume: string): Promise<void> {
  await awsCall(`delete ${volume}`, () => ec2.send(new DeleteVolumeCommand({ VolumeId: volume })));
}

/** Deletes those of the volumes that nothing has attached. Returns whether all of them go. */
export async function deleteFree(ec2: EC2Client, volumes: readonly VolumeFacts[]): Promise<boolean> {
  for (const { id, state } of volumes) if (state === 'available' || state === 'error') await deleteVolume(ec2, id);
  return volumes.every(({ state }) => state === 'deleting');
}

/** Gives a volume more tags, as an owner's. */
export async function tagVolume(ec2: EC2Client, id: string, tags: Readonly<Record<string, string>>): Promise<void> {
  await awsCall(`tag ${id}`, () => ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagsOf(tags) })));
}

/** Marks a kept resource with its owner, so that no sweep takes it for an orphan (I8). */
export async function markResource(ec2: EC2Client, id: string, owner: OwnerTags): Promise<void> {
  await awsCall(`tag ${id}`, () => ec2.send(new CreateTagsCommand({ Resources: [id], Tags: ownerTags(owner) })));
}
