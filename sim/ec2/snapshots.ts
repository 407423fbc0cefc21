import type {
  CreateSnapshotRequest,
  CreateSnapshotsRequest,
  CreateSnapshotsResult,
  DeleteSnapshotRequest,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  Snapshot,
  Tag,
} from '@aws-sdk/client-ec2';
import { BLOCK_BYTES, movedIndexes } from '../blocks/content.ts';
import { after } from '../blocks/lineage.ts';
import { AwsError, NotModelled } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, select } from './errors.ts';
import { applyFilters, filteredById } from './filters.ts';
import { refuseLocked } from './locks.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';
import type { Ec2State } from './state.ts';
import { merge, tagsFor } from './tags.ts';

/** Snapshots of one volume that may be pending or failed at once. @source aws-facts [1.3] */
const pendingMax = (volumeType: string) => (volumeType === 'st1' || volumeType === 'sc1' ? 1 : 5);
/** Shortest time between two snapshots of one volume. @source aws-facts [1.3] */
const betweenSnapshotsMs = 15_000;
const excludedVolumesMax = 40;

/** @throws AwsError when the volume may not be snapshotted now */
function checkRate(state: Ec2State, volume: VolumeRecord): void {
  const unfinished = [...state.snapshots.values()].filter(
    (snapshot) => snapshot.volumeId === volume.id && snapshot.state !== 'completed',
  );
  if (unfinished.length >= pendingMax(volume.volumeType))
    throw new AwsError(
      'ConcurrentSnapshotLimitExceeded',
      `Maximum allowed in-progress snapshots for volume ${volume.id} exceeded.`,
    );
  if (volume.lastSnapshotAt !== undefined && state.now() - volume.lastSnapshotAt < betweenSnapshotsMs)
    throw new AwsError(
      'SnapshotCreationPerVolumeRateExceeded',
      `The maximum per volume CreateSnapshot request rate has been exceeded for ${volume.id}.`,
    );
}

/** The point in time is fixed now; only blocks changed since the volume's last snapshot are uploaded. @source aws-facts [1.2], [1.4] */
function take(state: Ec2State, volume: VolumeRecord, description: string, tags: Tag[]): SnapshotRecord {
  const id = state.newId('snap');
  const content = volume.content.fork();
  const bytes = movedIndexes(content, volume.base).length * BLOCK_BYTES;
  const snapshot: SnapshotRecord = {
    id,
    volumeId: volume.id,
    description,
    startedAt: state.now(),
    content,
    encryption: volume.encryption,
    moment: after(volume.moment, id),
    origin: 'volume',
    state: 'pending',
    stateMessage: undefined,
    completedAt: undefined,
    progressPercent: 0,
    isDeletionAsked: false,
    tags,
  };
  volume.moment = snapshot.moment;
  volume.base = content;
  volume.lastSnapshotAt = state.now();
  state.snapshots.set(id, snapshot);
  const { snapshotBaseMs, snapshotBytesPerSecond } = state.timings;
  state.after(snapshotBaseMs + (bytes / snapshotBytesPerSecond) * 1_000, () => {
    endSnapshot(state, snapshot);
    emitCreated(state, snapshot, volume.id);
  });
  return snapshot;
}

/** Brings a pending snapshot to its outcome: `error` with a message, or `completed`. */
export function endSnapshot(state: Ec2State, snapshot: SnapshotRecord, failure?: string): void {
  if (snapshot.state !== 'pending') return;
  snapshot.state = failure === undefined ? 'completed' : 'error';
  snapshot.stateMessage = failure;
  if (failure === undefined) {
    snapshot.progressPercent = 100;
    snapshot.completedAt = state.now();
  }
  if (snapshot.isDeletionAsked) state.snapshots.delete(snapshot.id);
}

function emitCreated(state: Ec2State, snapshot: SnapshotRecord, volumeId: string): void {
  const arn = state.eventArn('snapshot', snapshot.id);
  state.emit('EBS Snapshot Notification', [arn], {
    event: 'createSnapshot',
    result: snapshot.state === 'completed' ? 'succeeded' : 'failed',
    cause: snapshot.stateMessage ?? '',
    'request-id': '',
    snapshot_id: arn,
    source: state.eventArn('volume', volumeId),
    startTime: new Date(snapshot.startedAt).toISOString(),
    endTime: new Date(state.now()).toISOString(),
  });
}

function createSnapshot(state: Ec2State, input: CreateSnapshotRequest): Snapshot {
  const volume = found(state.volumes, input.VolumeId, 'InvalidVolume.NotFound', 'volume');
  if (volume.state !== 'available' && volume.state !== 'in-use')
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is in state '${volume.state}'`);
  const tags = tagsFor(input.TagSpecifications, 'snapshot');
  checkRate(state, volume);
  return describeSnapshot(state, take(state, volume, input.Description ?? '', tags), false);
}

function createSnapshots(state: Ec2State, input: CreateSnapshotsRequest): CreateSnapshotsResult {
  const { InstanceId, ExcludeBootVolume = false, ExcludeDataVolumeIds = [] } = input.InstanceSpecification ?? {};
  const instance = found(state.instances, InstanceId, 'InvalidInstanceID.NotFound', 'instance ID');
  if (instance.state === 'terminated') throw new AwsError('IncorrectInstanceState', `${instance.id} is terminated`);
  if (ExcludeDataVolumeIds.length > excludedVolumesMax) throw invalid('Too many values for ExcludeDataVolumeIds.');
  const attached = state.volumesOf(instance.id);
  const root = attached.find(({ attachment }) => attachment?.device === instance.rootDevice);
  if (root !== undefined && ExcludeDataVolumeIds.includes(root.id))
    throw invalid(`${root.id} is the root volume; use ExcludeBootVolume.`);
  const volumes = attached.filter(
    (volume) => !(volume === root && ExcludeBootVolume) && !ExcludeDataVolumeIds.includes(volume.id),
  );
  if (volumes.length === 0) throw invalid('The request selects no volume.');
  const own = tagsFor(input.TagSpecifications, 'snapshot');
  for (const volume of volumes) checkRate(state, volume);
  const snapshots = volumes.map((volume) => {
    const copied = input.CopyTagsFromSource === 'volume' ? volume.tags : [];
    return take(state, volume, input.Description ?? '', merge(copied, own));
  });
  emitSetWhenDone(state, snapshots);
  return { Snapshots: snapshots.map((snapshot) => describeMember(state, snapshot)) };
}

function emitSetWhenDone(state: Ec2State, snapshots: readonly SnapshotRecord[]): void {
  const waitMs = 1_000;
  const look = (): void => {
    if (snapshots.some((snapshot) => snapshot.state === 'pending')) return state.after(waitMs, look);
    state.emit('EBS Multi-Volume Snapshots Completion Status', [], {
      event: 'createSnapshots',
      result: snapshots.every((snapshot) => snapshot.state === 'completed') ? 'succeeded' : 'failed',
      cause: '',
      'request-id': '',
      snapshots: snapshots.map((snapshot) => ({
        snapshot_id: state.eventArn('snapshot', snapshot.id),
        source: state.eventArn('volume', snapshot.volumeId),
        status: snapshot.state,
      })),
    });
  };
  if (state.onEvent !== undefined) look();
}

/** The members of a set are answered without a key. @source aws-facts [1.1] */
function describeMember(state: Ec2State, snapshot: SnapshotRecord) {
  const { KmsKeyId: _, DataEncryptionKeyId: __, ...member } = describeSnapshot(state, snapshot, false);
  return member;
}

/** Share of the time since `startedAt` is not known here; a hint is all that Progress is. @source aws-facts [1.2] */
function describeSnapshot(state: Ec2State, snapshot: SnapshotRecord, isDescribed = true): Snapshot {
  const { encryption } = snapshot;
  return {
    SnapshotId: snapshot.id,
    VolumeId: snapshot.volumeId,
    State: snapshot.state,
    ...(isDescribed && snapshot.stateMessage !== undefined ? { StateMessage: snapshot.stateMessage } : {}),
    StartTime: new Date(snapshot.startedAt),
    ...(snapshot.completedAt === undefined ? {} : { CompletionTime: new Date(snapshot.completedAt) }),
    Progress: `${snapshot.progressPercent}%`,
    OwnerId: state.account,
    Description: snapshot.description,
    VolumeSize: snapshot.content.sizeGib,
    FullSnapshotSizeInBytes: snapshot.content.blocks.size * BLOCK_BYTES,
    Encrypted: encryption !== undefined,
    ...(encryption === undefined
      ? {}
      : { KmsKeyId: encryption.keyArn, DataEncryptionKeyId: encryption.dataKeyId, SseType: 'sse-kms' as const }),
    StorageTier: 'standard',
    ...(snapshot.origin === 'copy'
      ? { TransferType: snapshot.timed === undefined ? ('standard' as const) : ('time-based' as const) }
      : {}),
    ...(snapshot.timed === undefined ? {} : { CompletionDurationMinutes: snapshot.timed.minutes }),
    Tags: snapshot.tags,
  };
}

function describeSnapshots(state: Ec2State, input: DescribeSnapshotsRequest): DescribeSnapshotsResult {
  for (const owner of input.OwnerIds ?? [])
    if (owner !== 'self' && owner !== state.account) throw new NotModelled(`snapshots of owner ${owner}`);
  const visible = state.visible(state.snapshots);
  const among = input.SnapshotIds === undefined ? filteredById(visible, input.Filters, 'snapshot-id') : visible;
  const asked = select(among, input.SnapshotIds, 'InvalidSnapshot.NotFound', 'snapshot');
  const kept = applyFilters('DescribeSnapshots', asked, input.Filters, {
    'snapshot-id': ({ id }) => id,
    status: (snapshot) => snapshot.state,
    'volume-id': ({ volumeId }) => volumeId,
    'volume-size': ({ content }) => String(content.sizeGib),
    description: ({ description }) => description,
    encrypted: ({ encryption }) => encryption !== undefined,
    'owner-id': () => state.account,
    'storage-tier': () => 'standard',
    progress: ({ progressPercent }) => `${progressPercent}%`,
  });
  const { page, ...next } = state.pages.cut(kept, input, [5, 1_000]);
  return { Snapshots: page.map((snapshot) => describeSnapshot(state, snapshot)), ...next };
}

/** @source aws-facts [1.2], [1.5], [1.11] */
function deleteSnapshot(state: Ec2State, { SnapshotId }: DeleteSnapshotRequest): object {
  const snapshot = found(state.snapshots, SnapshotId, 'InvalidSnapshot.NotFound', 'snapshot');
  refuseLocked(snapshot, state.now());
  const user = [...state.images.values()].find(({ mappings }) =>
    mappings.some(({ Ebs }) => Ebs?.SnapshotId === snapshot.id),
  );
  if (user !== undefined)
    throw new AwsError('InvalidSnapshot.InUse', `The snapshot ${snapshot.id} is currently in use by ${user.id}`);
  if (snapshot.state === 'pending' && snapshot.origin === 'volume') snapshot.isDeletionAsked = true;
  else state.snapshots.delete(snapshot.id);
  return {};
}

export const snapshotOperations = {
  DescribeSnapshots: ec2Operation<DescribeSnapshotsRequest, DescribeSnapshotsResult>(
    ['SnapshotIds', 'OwnerIds', 'Filters', 'MaxResults', 'NextToken'],
    describeSnapshots,
  ),
  CreateSnapshot: ec2Operation<CreateSnapshotRequest, Snapshot>(
    ['VolumeId', 'Description', 'TagSpecifications'],
    createSnapshot,
  ),
  CreateSnapshots: ec2Operation<CreateSnapshotsRequest, CreateSnapshotsResult>(
    ['InstanceSpecification', 'Description', 'TagSpecifications', 'CopyTagsFromSource'],
    createSnapshots,
  ),
  DeleteSnapshot: ec2Operation<DeleteSnapshotRequest, object>(['SnapshotId'], deleteSnapshot),
};
