import type { Tag } from '@aws-sdk/client-ec2';
import { Content } from '../blocks/content.ts';
import { begin } from '../blocks/lineage.ts';
import { AwsError } from '../service.ts';
import { encryptionFrom } from './encryption.ts';
import { found, invalid, missing } from './errors.ts';
import { initializationQuota } from './quotas.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** What CreateVolume and the mappings of RunInstances have in common. */
export interface VolumeWish {
  readonly SnapshotId?: string | undefined;
  readonly Size?: number | undefined;
  readonly VolumeType?: string | undefined;
  readonly Iops?: number | undefined;
  readonly Throughput?: number | undefined;
  readonly Encrypted?: boolean | undefined;
  readonly KmsKeyId?: string | undefined;
  readonly VolumeInitializationRate?: number | undefined;
}

/** Size, IOPS and throughput that each volume type takes. @source aws-facts [3.6] */
const limits: Readonly<Record<string, { sizeGib: number; iops?: [number, number]; throughput?: [number, number] }>> = {
  gp3: { sizeGib: 65_536, iops: [3_000, 80_000], throughput: [125, 2_000] },
  gp2: { sizeGib: 16_384 },
  io1: { sizeGib: 16_384, iops: [100, 64_000] },
  io2: { sizeGib: 65_536, iops: [100, 256_000] },
  st1: { sizeGib: 16_384 },
  sc1: { sizeGib: 16_384 },
  standard: { sizeGib: 1_024 },
};

/** Members of `BlockDeviceMappings.Ebs` that are modelled of images and launches; a launch takes a rate as well. */
export const mappingMembers = [
  'SnapshotId',
  'VolumeSize',
  'VolumeType',
  'Iops',
  'Throughput',
  'DeleteOnTermination',
  'Encrypted',
  'KmsKeyId',
] as const;

/** What it counts against the account's quotas. @throws AwsError for a snapshot that cannot be used */
export function wanted(state: Ec2State, { SnapshotId, Size, VolumeType = 'gp2', Iops }: VolumeWish) {
  const snapshot = SnapshotId === undefined ? undefined : usableSnapshot(state, SnapshotId);
  return { volumeType: VolumeType, sizeGib: Size ?? snapshot?.content.sizeGib ?? 0, iops: Iops };
}

/** Puts a new volume, empty or from a snapshot, into state `creating`. The default type is gp2. @source aws-facts [3.6] */
export function makeVolume(state: Ec2State, zone: string, wish: VolumeWish, tags: Tag[]): VolumeRecord {
  const snapshot = wish.SnapshotId === undefined ? undefined : usableSnapshot(state, wish.SnapshotId);
  const sizeGib = wish.Size ?? snapshot?.content.sizeGib;
  if (sizeGib === undefined) throw missing('size/snapshot');
  if (snapshot !== undefined && sizeGib < snapshot.content.sizeGib) {
    throw invalid(`Invalid value '${sizeGib}' for size: it is smaller than snapshot ${snapshot.id}.`);
  }
  const volumeType = wish.VolumeType ?? 'gp2';
  checkLimits(volumeType, sizeGib, wish);
  const encryption = encryptionFrom(state, snapshot?.encryption, wish);
  const goesOn = snapshot !== undefined && encryption?.dataKeyId === snapshot.encryption?.dataKeyId;
  const id = state.newId('vol');
  const volume: VolumeRecord = {
    id,
    zone,
    createdAt: state.now(),
    snapshotId: wish.SnapshotId,
    content: snapshot?.content.fork(sizeGib) ?? new Content(sizeGib),
    encryption,
    volumeType,
    iops: wish.Iops ?? (volumeType === 'gp3' ? 3_000 : undefined),
    throughput: wish.Throughput ?? (volumeType === 'gp3' ? 125 : undefined),
    state: 'creating',
    attachment: undefined,
    moment: goesOn ? snapshot.moment : begin(id),
    base: goesOn ? snapshot.content : undefined,
    lastSnapshotAt: undefined,
    initialization: initializationOf(state, wish, snapshot),
    tags,
  };
  state.volumes.set(id, volume);
  return volume;
}

const blockMib = 0.5;

/** Written blocks at that rate. @source aws-facts [1.8] */
function initializationOf(
  state: Ec2State,
  { VolumeInitializationRate: rate }: VolumeWish,
  snapshot: SnapshotRecord | undefined,
): VolumeRecord['initialization'] {
  if (rate === undefined) return undefined;
  if (snapshot === undefined)
    throw new AwsError('InvalidParameterCombination', 'A volume initialization rate needs a snapshot.');
  const seconds = (snapshot.content.blocks.size * blockMib) / rate;
  return { mibPerSecond: rate, endsAt: state.now() + seconds * 1_000 };
}

/**
 * A launch is refused where the zone or the account's quota has no room for the rate. The error codes are assumed: AWS names none.
 * @source aws-facts [1.8]
 */
export function checkInitialization(state: Ec2State, zone: string, wishes: readonly VolumeWish[]): void {
  const rates = wishes.flatMap(({ VolumeInitializationRate: rate }) => rate ?? []);
  for (const rate of rates)
    if (rate < 100 || rate > 300) throw invalid(`Volume initialization rate of ${rate} is not within 100 and 300`);
  if (rates.length > 0 && state.shortages.has(`${zone}/volume initialization`))
    throw new AwsError('InsufficientVolumeInitializationCapacity', `There is no room for that rate in ${zone}.`);
  const held = [...state.volumes.values()].flatMap(({ initialization }) =>
    initialization !== undefined && initialization.endsAt > state.now() ? [initialization.mibPerSecond] : [],
  );
  const limit = state.quotas.valueOf(initializationQuota);
  if (rates.length > 0 && [...held, ...rates].reduce((sum, rate) => sum + rate, 0) > limit)
    throw new AwsError('VolumeInitializationRateLimitExceeded', `The limit of ${limit} MiB/s would be exceeded.`);
}

/** @throws AwsError InvalidSnapshot.NotFound, or IncorrectState while it is not completed */
export function usableSnapshot(state: Ec2State, id: string): SnapshotRecord {
  const snapshot = found(state.snapshots, id, 'InvalidSnapshot.NotFound', 'snapshot');
  if (snapshot.state !== 'completed') throw new AwsError('IncorrectState', `Snapshot ${id} is not completed`);
  return snapshot;
}

function checkLimits(type: string, sizeGib: number, { Iops, Throughput }: VolumeWish): void {
  const limit = limits[type];
  if (limit === undefined) throw invalid(`Invalid volume type '${type}'`);
  if (!Number.isInteger(sizeGib) || sizeGib < 1 || sizeGib > limit.sizeGib)
    throw invalid(`Volume of ${sizeGib}GiB is not within 1 and ${limit.sizeGib}GiB of type ${type}`);
  checkRange('iops', type, Iops, limit.iops);
  checkRange('throughput', type, Throughput, limit.throughput);
}

function checkRange(
  name: string,
  type: string,
  value: number | undefined,
  range: readonly [number, number] | undefined,
): void {
  if (value === undefined) return;
  if (range === undefined)
    throw new AwsError('InvalidParameterCombination', `The parameter ${name} is not supported for ${type} volumes.`);
  if (value < range[0] || value > range[1])
    throw invalid(`Volume ${name} of ${value} is not within ${range[0]} and ${range[1]}`);
}

/** Deletes a volume; it is described for a moment longer. */
export function removeVolume(state: Ec2State, volume: VolumeRecord): void {
  volume.state = 'deleting';
  volume.attachment = undefined;
  state.after(state.timings.volumeDeletingMs, () => state.volumes.delete(volume.id));
}
