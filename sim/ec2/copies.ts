import type { CopySnapshotRequest, CopySnapshotResult } from '@aws-sdk/client-ec2';
import { BLOCK_BYTES, movedIndexes } from '../blocks/content.ts';
import { begin, origin } from '../blocks/lineage.ts';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing } from './errors.ts';
import { encryptionFrom } from './encryption.ts';
import type { SnapshotRecord } from './records.ts';
import { endSnapshot } from './snapshots.ts';
import type { Ec2State } from './state.ts';
import { tagsFor } from './tags.ts';

/** Copies in progress per destination Region and account. @source aws-facts [1.6] */
const copiesMax = 20;
/** How often a copy in progress looks whether its source still answers. */
const lookEveryMs = 5_000;

/** The volume id of every copy. @source aws-facts [1.2] */
export const noVolume = 'vol-ffffffff';

/** What was copied here from one volume of another Region, newest last. */
interface CopyRecord {
  readonly snapshot: SnapshotRecord;
  readonly keyArn: string | undefined;
}
type Copies = Map<string, CopyRecord[]>;
const copiesOf = new WeakMap<Ec2State, Copies>();

function copiesFrom(state: Ec2State, source: string): CopyRecord[] {
  const all = copiesOf.get(state) ?? new Map<string, CopyRecord[]>();
  copiesOf.set(state, all);
  const copies = all.get(source) ?? [];
  all.set(source, copies);
  return copies;
}

/** A volume is the source of its copies; what has none (a copy, written blocks) counts by its lineage. */
function sourceName(region: string, { volumeId, moment }: SnapshotRecord): string {
  return `${region}/${volumeId === noVolume ? origin(moment).name : volumeId}`;
}

function copySnapshot(state: Ec2State, input: CopySnapshotRequest): CopySnapshotResult {
  const { SourceRegion, SourceSnapshotId } = input;
  if (SourceRegion === undefined) throw missing('sourceRegion');
  if (input.Encrypted === false) throw invalid('Encrypted can be true or left out.');
  const tags = tagsFor(input.TagSpecifications, 'snapshot');
  const source = sourceOf(state, SourceRegion, SourceSnapshotId);
  const inFlight = [...state.snapshots.values()].filter((copy) => copy.origin === 'copy' && copy.state === 'pending');
  if (inFlight.length >= copiesMax)
    throw new AwsError(
      'ResourceLimitExceeded',
      `Too many snapshot copies in progress. The limit is ${copiesMax} for this destination region.`,
    );
  if (input.KmsKeyId !== undefined && input.Encrypted !== true)
    throw new AwsError('InvalidParameterDependency', 'KmsKeyId requires the parameter Encrypted to be set.');
  const { KmsKeyId } = input;
  const Encrypted = source.encryption === undefined ? input.Encrypted : true;
  const encryption = encryptionFrom(state, undefined, { Encrypted, KmsKeyId });
  const timed = timedCopy(state, input.CompletionDurationMinutes, () => {
    const earlier = copiesFrom(state, sourceName(SourceRegion, source));
    return bytesToMove(source, newestBase(state, earlier, encryption?.keyArn));
  });
  const id = state.newId('snap');
  const copy: SnapshotRecord = {
    id,
    volumeId: noVolume,
    description: input.Description ?? '',
    startedAt: state.now(),
    content: source.content.fork(),
    encryption,
    moment: begin(id),
    origin: 'copy',
    state: 'pending',
    stateMessage: undefined,
    completedAt: undefined,
    progressPercent: 0,
    isDeletionAsked: false,
    tags,
    ...(timed === undefined ? {} : { timed }),
  };
  state.snapshots.set(id, copy);
  begins(state, SourceRegion, source, copy);
  return { SnapshotId: id, Tags: tags };
}

/**
 * What a time-based copy is given of the quota: what it needs, or what is left. Refused where nothing is left, and, stricter than AWS
 * says, where its data cannot be moved in the time. Codes assumed. @source aws-facts [1.7]
 */
function timedCopy(state: Ec2State, minutes: number | undefined, bytes: () => number): SnapshotRecord['timed'] {
  if (minutes === undefined) return undefined;
  const { timedCopyBytesPerSecondMax, timedCopiesBytesPerSecondMax } = state.timings;
  if (!Number.isInteger(minutes / 15) || minutes < 15 || minutes > 2_880)
    throw invalid('CompletionDurationMinutes must be 15 to 2880, in steps of 15.');
  const needed = bytes() / (minutes * 60);
  if (needed > timedCopyBytesPerSecondMax) throw invalid(`The snapshot cannot be copied within ${minutes} minutes.`);
  const taken = [...state.snapshots.values()]
    .filter((copy) => copy.state === 'pending')
    .reduce((sum, { timed }) => sum + (timed?.bytesPerSecond ?? 0), 0);
  const left = timedCopiesBytesPerSecondMax - taken;
  if (left <= 0)
    throw new AwsError('ResourceLimitExceeded', 'The cumulative snapshot copy throughput quota is used up.');
  return { minutes, bytesPerSecond: Math.min(needed, left) };
}

function sourceOf(state: Ec2State, region: string, id: string | undefined): SnapshotRecord {
  const services = state.reach(region);
  if (services === undefined)
    throw new AwsError('Unavailable', `The service is unavailable: ${region} does not answer.`, 503);
  const source = found(services.ec2.state.snapshots, id, 'InvalidSnapshot.NotFound', 'snapshot');
  if (source.state !== 'completed')
    throw new AwsError('IncorrectState', `Snapshot ${source.id} is not in 'completed' state`);
  return source;
}

/** A copy begins when earlier copies of the same source have ended. @source aws-facts [1.6] */
function begins(state: Ec2State, region: string, source: SnapshotRecord, copy: SnapshotRecord): void {
  const copies = copiesFrom(state, sourceName(region, source));
  const before = copies.at(-1);
  copies.push({ snapshot: copy, keyArn: copy.encryption?.keyArn });
  const problem = keyProblem(state, region, source, copy);
  const start = (): void => {
    if (before?.snapshot.state === 'pending' && state.snapshots.has(before.snapshot.id))
      return state.after(lookEveryMs, start);
    const base = newestBase(state, copies, copy.encryption?.keyArn);
    const bytes = bytesToMove(copy, base);
    const isIncremental = base !== undefined;
    const endsAt = state.now() + (problem === undefined ? durationMs(state, copy, bytes) : state.timings.copyBaseMs);
    const transfer = { region, source, copy, bytes, isIncremental, endsAt, beganAt: state.now(), problem };
    watchTime(state, transfer);
    goOn(state, transfer);
  };
  start();
}

function bytesToMove({ content }: SnapshotRecord, base: SnapshotRecord | undefined): number {
  return movedIndexes(content, base?.content).length * BLOCK_BYTES;
}

function newestCompleted(copies: readonly CopyRecord[]): SnapshotRecord | undefined {
  return copies.findLast(({ snapshot }) => snapshot.state === 'completed')?.snapshot;
}

/** The copy on which another builds, by the rule of incremental copies; archived copies are not modelled. @source aws-facts [1.6] */
function newestBase(
  state: Ec2State,
  copies: readonly CopyRecord[],
  keyArn: string | undefined,
): SnapshotRecord | undefined {
  const newest = newestCompleted(copies);
  if (newest === undefined || !state.snapshots.has(newest.id)) return undefined;
  const existing = copies.filter(({ snapshot }) => snapshot.state !== 'error' && state.snapshots.has(snapshot.id));
  return existing.every((existingCopy) => existingCopy.keyArn === keyArn) ? newest : undefined;
}

/** A time-based copy takes all of its time, longer where the quota gave it less than it needs. */
function durationMs({ timings }: Ec2State, { timed }: SnapshotRecord, bytes: number): number {
  if (timed === undefined) return timings.copyBaseMs + (bytes / timings.copyBytesPerSecond) * 1_000;
  const asked = timed.minutes * 60_000;
  return timed.bytesPerSecond === 0 ? asked : Math.max(asked, (bytes / timed.bytesPerSecond) * 1_000);
}

/** KMS problems are silent until the copy fails. @source aws-facts [1.6] */
function keyProblem(state: Ec2State, region: string, source: SnapshotRecord, copy: SnapshotRecord): string | undefined {
  const far = state.reach(region)?.ec2.state.keys;
  const readable = source.encryption === undefined || far?.isUsable(source.encryption.keyArn) === true;
  const writable = copy.encryption === undefined || state.keys.isUsable(copy.encryption.keyArn);
  return readable && writable ? undefined : 'Given key ID is not accessible';
}

interface Transfer {
  readonly region: string;
  readonly source: SnapshotRecord;
  readonly copy: SnapshotRecord;
  readonly bytes: number;
  readonly isIncremental: boolean;
  readonly beganAt: number;
  readonly endsAt: number;
  readonly problem: string | undefined;
}

/** A copy in flight ends in `error` when its source Region falls silent; that is our reading, AWS promises nothing. */
function goOn(state: Ec2State, transfer: Transfer): void {
  const { copy, region, endsAt, beganAt } = transfer;
  if (!state.snapshots.has(copy.id)) return;
  if (state.isSilent(region)) return end(state, transfer, `The source Region ${region} became unavailable`);
  if (state.now() >= endsAt) return end(state, transfer, transfer.problem);
  copy.progressPercent = Math.min(99, Math.floor(((state.now() - beganAt) / (endsAt - beganAt)) * 100));
  state.after(Math.min(lookEveryMs, endsAt - state.now()), () => goOn(state, transfer));
}

function end(state: Ec2State, transfer: Transfer, failure: string | undefined): void {
  const { copy, region, source, bytes, isIncremental } = transfer;
  endSnapshot(state, copy, failure);
  if (failure === undefined && region !== state.region) state.bytesMoved.copied += bytes;
  const arn = state.eventArn('snapshot', copy.id);
  state.emit('EBS Snapshot Notification', [arn], {
    event: 'copySnapshot',
    result: failure === undefined ? 'succeeded' : 'failed',
    cause: failure ?? '',
    'request-id': '',
    snapshot_id: arn,
    source: state.eventArn('snapshot', source.id, region),
    startTime: new Date(copy.startedAt).toISOString(),
    endTime: new Date(state.now()).toISOString(),
    incremental: String(isIncremental),
    transferType: copy.timed === undefined ? 'standard' : 'time-based',
    ...(copy.timed === undefined ? {} : { completionDurationStartTime: new Date(transfer.beganAt).toISOString() }),
    ...(missedCause(transfer) === undefined ? {} : { missedCompletionDurationCause: missedCause(transfer) }),
  });
}

/** Told once when the time of a time-based copy is over and it is not. Members assumed. @source aws-facts [1.9] */
function watchTime(state: Ec2State, transfer: Transfer): void {
  const { copy, region, source, beganAt } = transfer;
  const cause = missedCause(transfer);
  if (copy.timed === undefined || cause === undefined) return;
  state.after(copy.timed.minutes * 60_000, () => {
    if (copy.state !== 'pending' || !state.snapshots.has(copy.id)) return;
    const arn = state.eventArn('snapshot', copy.id);
    state.emit('EBS Copy Snapshot Missed Completion Duration', [arn], {
      event: 'copyMissedCompletionDuration',
      snapshot_id: arn,
      source: state.eventArn('snapshot', source.id, region),
      startTime: new Date(copy.startedAt).toISOString(),
      completionDurationStartTime: new Date(beganAt).toISOString(),
      missedCompletionDurationCause: cause,
    });
  });
}

function missedCause({ copy: { timed }, beganAt, endsAt }: Transfer): string | undefined {
  if (timed === undefined || endsAt - beganAt <= timed.minutes * 60_000) return undefined;
  return 'The cumulative snapshot copy throughput quota was exceeded.';
}

export const copyOperations = {
  CopySnapshot: ec2Operation<CopySnapshotRequest, CopySnapshotResult>(
    [
      'SourceRegion',
      'SourceSnapshotId',
      'Description',
      'Encrypted',
      'KmsKeyId',
      'DestinationRegion',
      'PresignedUrl',
      'TagSpecifications',
      'CompletionDurationMinutes',
    ],
    copySnapshot,
  ),
};
