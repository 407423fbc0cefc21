import type { StartSnapshotRequest, StartSnapshotResponse } from '@aws-sdk/client-ebs';
import { BLOCK_BYTES, Content } from '../blocks/content.ts';
import { after, begin } from '../blocks/lineage.ts';
import { noVolume } from '../ec2/copies.ts';
import type { Encryption, SnapshotRecord } from '../ec2/records.ts';
import { endSnapshot } from '../ec2/snapshots.ts';
import { merge } from '../ec2/tags.ts';
import { AwsError, type Operation, operation } from '../service.ts';
import type { Desk, Writing } from './desk.ts';
import { notFound, validation } from './errors.ts';
import { pendingMax } from './quotas.ts';

const minuteMs = 60_000;
/**
 * Longest time for which a started snapshot may be unknown to Put and Complete; AWS was seen at 56 s and
 * more, and its engineers advised to retry for 2 minutes. @source aws-facts [2.8]
 */
const invisibleMsMax = 100_000;
const volumeGibMax = 65_536;

/** StartSnapshot: a pending snapshot to write blocks into, on top of its parent's content. @source aws-facts [2.2] */
export function startOperation(desk: Desk): Operation {
  return operation<StartSnapshotRequest, StartSnapshotResponse>(
    ['VolumeSize', 'ParentSnapshotId', 'Tags', 'Description', 'ClientToken', 'Encrypted', 'KmsKeyArn', 'Timeout'],
    (input) => {
      desk.quotas.takeCall('Start');
      checkShape(input);
      return once(desk, input);
    },
  );
}

function checkShape({ VolumeSize = 0, Timeout = 60, Description = '', Tags = [] }: StartSnapshotRequest): void {
  const problems = [
    [VolumeSize < 1 || VolumeSize > volumeGibMax, 'INVALID_VOLUME_SIZE', `VolumeSize ${VolumeSize} is out of range`],
    [Timeout < 10 || Timeout > 4_320, 'INVALID_PARAMETER_VALUE', `Timeout ${Timeout} is out of range`],
    [Description.length > 255, 'INVALID_PARAMETER_VALUE', 'Description is too long'],
    [Tags.length > 50 || Tags.some(({ Key = '' }) => Key.startsWith('aws:')), 'INVALID_TAG', 'The tags are not valid'],
  ] as const;
  for (const [isProblem, reason, message] of problems) if (isProblem) throw validation(reason, message);
}

function once(desk: Desk, input: StartSnapshotRequest): StartSnapshotResponse {
  try {
    return desk.state.clientTokens.once('ebs:StartSnapshot', input.ClientToken, { ...input }, () => start(desk, input));
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'IdempotentParameterMismatch')) throw error;
    throw new AwsError('ConflictException', 'The client token was used with other parameters.', 409);
  }
}

function start(desk: Desk, input: StartSnapshotRequest): StartSnapshotResponse {
  const { state } = desk;
  const parent = input.ParentSnapshotId === undefined ? undefined : parentOf(desk, input.ParentSnapshotId);
  const encryption = encryptionOf(desk, input, parent);
  const sizeGib = input.VolumeSize ?? 0;
  if (parent !== undefined && sizeGib < parent.content.sizeGib)
    throw validation('INVALID_VOLUME_SIZE', `VolumeSize ${sizeGib} is smaller than the parent's.`);
  const pending = [...state.snapshots.values()].filter((each) => each.origin === 'blocks' && each.state === 'pending');
  if (pending.length >= pendingMax)
    throw new AwsError('ConcurrentLimitExceededException', 'You have reached the limit for concurrent API requests.');
  const id = state.newId('snap');
  const snapshot: SnapshotRecord = {
    id,
    volumeId: noVolume,
    description: input.Description ?? '',
    startedAt: state.now(),
    content: parent?.content.fork(sizeGib) ?? new Content(sizeGib),
    encryption,
    moment: parent === undefined ? begin(id) : after(parent.moment, id),
    origin: 'blocks',
    state: 'pending',
    stateMessage: undefined,
    completedAt: undefined,
    progressPercent: 0,
    isDeletionAsked: false,
    tags: merge([], input.Tags ?? []),
  };
  state.snapshots.set(id, snapshot);
  watch(desk, open(desk, snapshot, (input.Timeout ?? 60) * minuteMs));
  return {
    SnapshotId: id,
    OwnerId: state.account,
    Status: 'pending',
    StartTime: new Date(snapshot.startedAt),
    VolumeSize: sizeGib,
    BlockSize: BLOCK_BYTES,
    Tags: snapshot.tags,
    ...(parent === undefined ? {} : { ParentSnapshotId: parent.id }),
    ...(encryption === undefined ? {} : { KmsKeyArn: encryption.keyArn }),
    Description: snapshot.description,
  };
}

function parentOf({ state }: Desk, id: string): SnapshotRecord {
  const parent = state.snapshots.get(id);
  if (parent === undefined) throw notFound(id);
  if (parent.state !== 'completed')
    throw validation('INVALID_SNAPSHOT_ID', `The parent '${id}' is ${parent.state}, not completed.`);
  return parent;
}

/** The table of parents and keys. @source aws-facts [2.3] */
function encryptionOf(
  desk: Desk,
  { Encrypted, KmsKeyArn }: StartSnapshotRequest,
  parent: SnapshotRecord | undefined,
): Encryption | undefined {
  const { keys } = desk.state;
  const refuse = (message: string) => validation('INVALID_PARAMETER_VALUE', message);
  if (parent !== undefined) {
    if (Encrypted !== undefined) throw refuse('Encrypted cannot be given together with ParentSnapshotId.');
    if (KmsKeyArn !== undefined) throw refuse('KmsKeyArn cannot be given together with ParentSnapshotId.');
    if (parent.encryption === undefined && keys.isEncryptionDefault)
      throw refuse('The parent is unencrypted and encryption by default is on.');
    desk.checkKey(parent);
    return parent.encryption;
  }
  if (Encrypted === false && keys.isEncryptionDefault)
    throw refuse('Encrypted cannot be false while encryption by default is on.');
  if (Encrypted !== true && KmsKeyArn !== undefined) throw refuse('KmsKeyArn needs Encrypted.');
  if (KmsKeyArn !== undefined && !keys.isUsable(KmsKeyArn))
    throw validation('INVALID_CUSTOMER_KEY', 'The key cannot be used.');
  return Encrypted === true || keys.isEncryptionDefault ? keys.encrypt(KmsKeyArn) : undefined;
}

function open(desk: Desk, snapshot: SnapshotRecord, timeoutMs: number): Writing {
  const now = desk.state.now();
  const writing: Writing = {
    snapshot,
    digests: new Map(),
    inFlight: new Set(),
    visibleAt: now + desk.random.fork(`visible/${snapshot.id}`).below(invisibleMsMax),
    refusesFirstUntil: now + invisibleMsMax,
    timeoutMs,
    wasAttempted: false,
    activeAt: now,
    sealedAs: undefined,
  };
  desk.writings.set(snapshot.id, writing);
  return writing;
}

/** An idle timer that each Put restarts. @source aws-facts [2.4] */
function watch({ state }: Desk, writing: Writing): void {
  const look = (): void => {
    if (writing.snapshot.state !== 'pending' || writing.sealedAs !== undefined) return;
    if (!state.snapshots.has(writing.snapshot.id)) return;
    const leftMs = writing.activeAt + writing.timeoutMs - state.now();
    if (leftMs > 0) state.after(leftMs, look);
    else endSnapshot(state, writing.snapshot, 'The snapshot timed out');
  };
  state.after(writing.timeoutMs, look);
}
