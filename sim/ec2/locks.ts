import type {
  DescribeLockedSnapshotsRequest,
  DescribeLockedSnapshotsResult,
  LockedSnapshotsInfo,
  LockSnapshotRequest,
  LockSnapshotResult,
  LockState,
  UnlockSnapshotRequest,
  UnlockSnapshotResult,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing, select } from './errors.ts';
import type { SnapshotLock, SnapshotRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** @source aws-facts [1.11] */
const daysMax = 36_500;
const coolOffHoursMax = 72;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** What holds a snapshot, `expired` after its time; `undefined` where it was never locked. @source aws-facts [1.11] */
function lockState({ lock, completedAt }: SnapshotRecord, now: number): LockState | undefined {
  if (lock === undefined) return undefined;
  if (now >= (expiryOf(lock, completedAt) ?? Number.POSITIVE_INFINITY)) return 'expired';
  if (lock.mode === 'governance') return 'governance';
  return now < (coolOffEndOf(lock) ?? 0) ? 'compliance-cooloff' : 'compliance';
}

/** Whether the snapshot may not be deleted now. */
export function isLocked(snapshot: SnapshotRecord, now: number): boolean {
  const state = lockState(snapshot, now);
  return state !== undefined && state !== 'expired';
}

/** AWS names no code for it: assumed. */
export function refuseLocked(snapshot: SnapshotRecord, now: number): void {
  if (isLocked(snapshot, now))
    throw new AwsError('OperationNotPermitted', `The snapshot ${snapshot.id} is locked and cannot be deleted.`);
}

/** A duration begins when the snapshot has completed. @source aws-facts [1.11] */
function startOf(lock: SnapshotLock, completedAt: number | undefined): number | undefined {
  return completedAt === undefined ? undefined : Math.max(completedAt, lock.createdAt);
}

function expiryOf(lock: SnapshotLock, completedAt: number | undefined): number | undefined {
  const start = startOf(lock, completedAt);
  return lock.expiresAt ?? (start === undefined ? undefined : start + (lock.days ?? 0) * dayMs);
}

function coolOffEndOf({ createdAt, coolOffHours }: SnapshotLock): number | undefined {
  return coolOffHours === undefined ? undefined : createdAt + coolOffHours * hourMs;
}

function lockSnapshot(state: Ec2State, input: LockSnapshotRequest): LockSnapshotResult {
  const snapshot = found(state.snapshots, input.SnapshotId, 'InvalidSnapshot.NotFound', 'snapshot');
  if (snapshot.state === 'error') throw new AwsError('IncorrectState', `The snapshot ${snapshot.id} is in state error`);
  const lock = lockOf(input, state.now(), isLocked(snapshot, state.now()) ? snapshot.lock : undefined);
  if (lockState(snapshot, state.now()) === 'compliance') checkExtends(snapshot, lock, input);
  snapshot.lock = lock;
  return describeLock(snapshot, state.now());
}

/** A lock that is changed keeps the time at which it was made. */
function lockOf(input: LockSnapshotRequest, now: number, before: SnapshotLock | undefined): SnapshotLock {
  const { LockMode, LockDuration, ExpirationDate, CoolOffPeriod } = input;
  if (LockMode === undefined) throw missing('LockMode');
  if (LockMode !== 'governance' && LockMode !== 'compliance') throw invalid(`Invalid LockMode ${LockMode}.`);
  if ((LockDuration === undefined) === (ExpirationDate === undefined))
    throw new AwsError('InvalidParameterCombination', 'Specify either LockDuration or ExpirationDate.');
  if (LockDuration !== undefined && (LockDuration < 1 || LockDuration > daysMax))
    throw invalid(`LockDuration must be from 1 to ${daysMax} days.`);
  if (ExpirationDate !== undefined && ExpirationDate.getTime() <= now)
    throw invalid('ExpirationDate must be in the future.');
  if (CoolOffPeriod !== undefined && LockMode === 'governance')
    throw new AwsError('InvalidParameterCombination', 'CoolOffPeriod is for compliance mode only.');
  if (CoolOffPeriod !== undefined && (CoolOffPeriod < 1 || CoolOffPeriod > coolOffHoursMax))
    throw invalid(`CoolOffPeriod must be from 1 to ${coolOffHoursMax} hours.`);
  return {
    mode: LockMode,
    createdAt: before?.createdAt ?? now,
    days: LockDuration,
    expiresAt: ExpirationDate?.getTime(),
    coolOffHours: CoolOffPeriod,
  };
}

/** After the cooling-off period a compliance lock can only be made longer. @source EC2 API reference, LockSnapshot */
function checkExtends(snapshot: SnapshotRecord, next: SnapshotLock, { CoolOffPeriod }: LockSnapshotRequest): void {
  const { lock, completedAt } = snapshot;
  const until = lock === undefined ? undefined : expiryOf(lock, completedAt);
  const isLonger = (expiryOf(next, completedAt) ?? 0) > (until ?? Number.POSITIVE_INFINITY);
  if (next.mode !== 'compliance' || CoolOffPeriod !== undefined || !isLonger)
    throw new AwsError(
      'OperationNotPermitted',
      `The snapshot ${snapshot.id} is locked in compliance mode; its lock can only be extended.`,
    );
}

function unlockSnapshot(state: Ec2State, { SnapshotId }: UnlockSnapshotRequest): UnlockSnapshotResult {
  const snapshot = found(state.snapshots, SnapshotId, 'InvalidSnapshot.NotFound', 'snapshot');
  const held = lockState(snapshot, state.now());
  if (held !== 'governance' && held !== 'compliance-cooloff')
    throw new AwsError(
      'OperationNotPermitted',
      `The snapshot ${snapshot.id} cannot be unlocked: ${held ?? 'not locked'}`,
    );
  delete snapshot.lock;
  return { SnapshotId: snapshot.id };
}

function describeLock(snapshot: SnapshotRecord, now: number): LockSnapshotResult {
  const { id, lock, completedAt } = snapshot;
  if (lock === undefined) return { SnapshotId: id };
  const dates = {
    CoolOffPeriodExpiresOn: coolOffEndOf(lock),
    LockCreatedOn: lock.createdAt,
    LockDurationStartTime: startOf(lock, completedAt),
    LockExpiresOn: expiryOf(lock, completedAt),
  };
  const known = Object.entries(dates).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return {
    SnapshotId: id,
    LockState: lockState(snapshot, now),
    ...(lock.days === undefined ? {} : { LockDuration: lock.days }),
    ...(lock.coolOffHours === undefined ? {} : { CoolOffPeriod: lock.coolOffHours }),
    ...Object.fromEntries(known.map(([name, at]) => [name, new Date(at)])),
  };
}

function describeLockedSnapshots(
  state: Ec2State,
  input: DescribeLockedSnapshotsRequest,
): DescribeLockedSnapshotsResult {
  const { SnapshotIds, Filters = [] } = input;
  const other = Filters.find(({ Name }) => Name !== 'lock-state');
  if (other !== undefined) throw new NotModelled(`filter ${other.Name} of DescribeLockedSnapshots`);
  const asked = select(state.visible(state.snapshots), SnapshotIds, 'InvalidSnapshot.NotFound', 'snapshot');
  const described = asked
    .filter(({ lock }) => lock !== undefined)
    .map((snapshot): LockedSnapshotsInfo => ({ OwnerId: state.account, ...describeLock(snapshot, state.now()) }))
    .filter(({ LockState }) => Filters.every(({ Values = [] }) => Values.includes(LockState ?? '')));
  const { page, ...next } = state.pages.cut(described, input, [5, 1_000]);
  return { Snapshots: page, ...next };
}

export const lockOperations = {
  LockSnapshot: ec2Operation<LockSnapshotRequest, LockSnapshotResult>(
    ['SnapshotId', 'LockMode', 'LockDuration', 'ExpirationDate', 'CoolOffPeriod'],
    lockSnapshot,
  ),
  UnlockSnapshot: ec2Operation<UnlockSnapshotRequest, UnlockSnapshotResult>(['SnapshotId'], unlockSnapshot),
  DescribeLockedSnapshots: ec2Operation<DescribeLockedSnapshotsRequest, DescribeLockedSnapshotsResult>(
    ['SnapshotIds', 'Filters', 'MaxResults', 'NextToken'],
    describeLockedSnapshots,
  ),
};
