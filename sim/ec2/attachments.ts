import type { AttachVolumeRequest, DetachVolumeRequest, VolumeAttachment } from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing } from './errors.ts';
import type { VolumeRecord } from './records.ts';
import type { Ec2State } from './state.ts';

function attachVolume(state: Ec2State, { VolumeId, InstanceId, Device }: AttachVolumeRequest): VolumeAttachment {
  if (Device === undefined) throw missing('device');
  const volume = found(state.volumes, VolumeId, 'InvalidVolume.NotFound', 'volume');
  const instance = found(state.instances, InstanceId, 'InvalidInstanceID.NotFound', 'instance ID');
  if (volume.attachment !== undefined)
    throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`);
  if (volume.state !== 'available')
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is not 'available' but '${volume.state}'`);
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running' or 'stopped'`);
  if (volume.zone !== instance.zone)
    throw new AwsError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
    );
  if (state.volumesOf(instance.id).some(({ attachment }) => attachment?.device === Device))
    throw invalid(`Invalid value '${Device}' for unixDevice. Attachment point ${Device} is already in use`);
  volume.state = 'in-use';
  const attachment = {
    instanceId: instance.id,
    device: Device,
    state: 'attaching' as const,
    deleteOnTermination: false,
    attachedAt: state.now(),
  };
  volume.attachment = attachment;
  state.after(state.timings.attachingMs, () => {
    if (volume.attachment === attachment && attachment.state === 'attaching')
      volume.attachment = Object.assign(attachment, { state: 'attached' });
  });
  return describeAttachment(volume);
}

function detachVolume(state: Ec2State, { VolumeId, InstanceId, Device }: DetachVolumeRequest): VolumeAttachment {
  const volume = found(state.volumes, VolumeId, 'InvalidVolume.NotFound', 'volume');
  const { attachment } = volume;
  if (attachment === undefined)
    throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the '${volume.state}' state.`);
  if (InstanceId !== undefined && InstanceId !== attachment.instanceId)
    throw new AwsError('InvalidAttachment.NotFound', `${volume.id} is not attached to ${InstanceId}`);
  if (Device !== undefined && Device !== attachment.device)
    throw new AwsError('InvalidAttachment.NotFound', `${volume.id} is not attached as ${Device}`);
  const instance = found(state.instances, attachment.instanceId, 'InvalidInstanceID.NotFound', 'instance ID');
  if (instance.rootDevice === attachment.device && instance.state !== 'stopped')
    throw new AwsError('OperationNotPermitted', `Unable to detach root volume '${volume.id}' from '${instance.id}'`);
  if (attachment.state === 'detaching')
    throw new AwsError('IncorrectState', `Volume '${volume.id}' is already detaching.`);
  attachment.state = 'detaching';
  state.after(state.timings.detachingMs, () => {
    if (volume.attachment === attachment) free(volume);
  });
  return describeAttachment(volume);
}

/** Takes a volume off its instance at once. */
export function free(volume: VolumeRecord): void {
  volume.attachment = undefined;
  volume.state = 'available';
}

function describeAttachment({ id, attachment }: VolumeRecord): VolumeAttachment {
  if (attachment === undefined) return { VolumeId: id, State: 'detached' };
  return {
    VolumeId: id,
    InstanceId: attachment.instanceId,
    Device: attachment.device,
    State: attachment.state,
    AttachTime: new Date(attachment.attachedAt),
    DeleteOnTermination: attachment.deleteOnTermination,
  };
}

export const attachmentOperations = {
  AttachVolume: ec2Operation<AttachVolumeRequest, VolumeAttachment>(['VolumeId', 'InstanceId', 'Device'], attachVolume),
  DetachVolume: ec2Operation<DetachVolumeRequest, VolumeAttachment>(
    ['VolumeId', 'InstanceId', 'Device', 'Force'],
    detachVolume,
  ),
};
