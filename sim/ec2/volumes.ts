import type {
  CreateVolumeRequest,
  DeleteVolumeRequest,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  ModifyVolumeRequest,
  ModifyVolumeResult,
  Volume,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing, select } from './errors.ts';
import { applyFilters } from './filters.ts';
import { makeVolume, removeVolume, wanted } from './make-volume.ts';
import { checkVolumes } from './quotas.ts';
import type { VolumeRecord } from './records.ts';
import type { Ec2State } from './state.ts';
import { tagsFor } from './tags.ts';

/** A volume as EC2 describes it. */
function describeVolume(volume: VolumeRecord): Volume {
  const { attachment, encryption } = volume;
  return {
    VolumeId: volume.id,
    AvailabilityZone: volume.zone,
    Size: volume.content.sizeGib,
    SnapshotId: volume.snapshotId ?? '',
    State: volume.state,
    VolumeType: volume.volumeType as NonNullable<Volume['VolumeType']>,
    Iops: volume.iops,
    VolumeInitializationRate: volume.initialization?.mibPerSecond,
    Throughput: volume.throughput,
    Encrypted: encryption !== undefined,
    KmsKeyId: encryption?.keyArn,
    CreateTime: new Date(volume.createdAt),
    MultiAttachEnabled: false,
    Tags: volume.tags,
    Attachments:
      attachment === undefined
        ? []
        : [
            {
              VolumeId: volume.id,
              InstanceId: attachment.instanceId,
              Device: attachment.device,
              State: attachment.state,
              DeleteOnTermination: attachment.deleteOnTermination,
              AttachTime: new Date(attachment.attachedAt),
            },
          ],
  };
}

function describeVolumes(state: Ec2State, input: DescribeVolumesRequest): DescribeVolumesResult {
  const asked = select(state.visible(state.volumes), input.VolumeIds, 'InvalidVolume.NotFound', 'volume');
  const kept = applyFilters('DescribeVolumes', asked, input.Filters, {
    'volume-id': ({ id }) => id,
    status: (volume) => volume.state,
    'snapshot-id': ({ snapshotId }) => snapshotId,
    'availability-zone': ({ zone }) => zone,
    'volume-type': ({ volumeType }) => volumeType,
    encrypted: ({ encryption }) => encryption !== undefined,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.device': ({ attachment }) => attachment?.device,
    'attachment.status': ({ attachment }) => attachment?.state,
  });
  const { page, ...next } = state.pages.cut(kept, input, [5, 1_000]);
  return { Volumes: page.map(describeVolume), ...next };
}

function createVolume(state: Ec2State, input: CreateVolumeRequest): Volume {
  const zone = input.AvailabilityZone;
  if (zone === undefined) throw missing('AvailabilityZone');
  if (!zone.startsWith(state.region))
    throw new AwsError('InvalidZone.NotFound', `The zone '${zone}' does not exist in ${state.region}`);
  const tags = tagsFor(input.TagSpecifications, 'volume');
  const volume = state.clientTokens.once(`CreateVolume/${zone}`, input.ClientToken, { ...input }, () => {
    checkVolumes(state, [wanted(state, input)]);
    const made = makeVolume(state, zone, input, tags);
    state.after(state.timings.volumeCreatingMs, () => settle(state, made));
    return made;
  });
  return describeVolume(volume);
}

/** KMS errors surface only now: the volume goes to `error` and vanishes. @source aws-facts [3.6] */
function settle(state: Ec2State, volume: VolumeRecord): void {
  if (volume.state !== 'creating') return;
  const isUsable = volume.encryption === undefined || state.keys.isUsable(volume.encryption.keyArn);
  volume.state = isUsable ? 'available' : 'error';
  if (!isUsable) state.after(state.timings.volumeDeletingMs, () => state.volumes.delete(volume.id));
  const arn = `arn:aws:ec2:${state.region}:${state.account}:volume/${volume.id}`;
  state.emit('EBS Volume Notification', [arn], {
    event: 'createVolume',
    result: isUsable ? 'available' : 'failed',
    cause: isUsable ? '' : `${volume.encryption?.keyArn} is not accessible`,
    'request-id': '',
  });
}

function deleteVolume(state: Ec2State, { VolumeId }: DeleteVolumeRequest): object {
  const volume = found(state.volumes, VolumeId, 'InvalidVolume.NotFound', 'volume');
  if (volume.attachment !== undefined)
    throw new AwsError('VolumeInUse', `Volume ${volume.id} is currently attached to ${volume.attachment.instanceId}`);
  if (volume.state === 'creating')
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is in state 'creating'`);
  removeVolume(state, volume);
  return {};
}

function modifyVolume(state: Ec2State, input: ModifyVolumeRequest): ModifyVolumeResult {
  const volume = found(state.volumes, input.VolumeId, 'InvalidVolume.NotFound', 'volume');
  if (volume.state !== 'available' && volume.state !== 'in-use')
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is in state '${volume.state}'`);
  const before = volume.content.sizeGib;
  const target = input.Size ?? before;
  if (target < before) throw invalid(`New size cannot be smaller than existing size (${before} GiB)`);
  volume.content.sizeGib = target;
  volume.iops = input.Iops ?? volume.iops;
  volume.throughput = input.Throughput ?? volume.throughput;
  return {
    VolumeModification: {
      VolumeId: volume.id,
      ModificationState: 'completed',
      OriginalSize: before,
      TargetSize: target,
      Progress: 100,
      StartTime: new Date(state.now()),
    },
  };
}

export const volumeOperations = {
  DescribeVolumes: ec2Operation<DescribeVolumesRequest, DescribeVolumesResult>(
    ['VolumeIds', 'Filters', 'MaxResults', 'NextToken'],
    describeVolumes,
  ),
  CreateVolume: ec2Operation<CreateVolumeRequest, Volume>(
    [
      'AvailabilityZone',
      'SnapshotId',
      'Size',
      'VolumeType',
      'Iops',
      'Throughput',
      'Encrypted',
      'KmsKeyId',
      'ClientToken',
      'TagSpecifications',
    ],
    createVolume,
  ),
  DeleteVolume: ec2Operation<DeleteVolumeRequest, object>(['VolumeId'], deleteVolume),
  ModifyVolume: ec2Operation<ModifyVolumeRequest, ModifyVolumeResult>(
    ['VolumeId', 'Size', 'Iops', 'Throughput'],
    modifyVolume,
  ),
};
