import {
  CopySnapshotCommand,
  CreateSnapshotsCommand,
  DeleteSnapshotCommand,
  type EC2Client,
  type Filter,
  paginateDescribeSnapshots,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { snapshotId } from '../domain/ids.ts';
import { AwsFailure, awsCall } from './call.ts';
import { inFilters } from './filters.ts';
import { type Maker, type OwnerTags, planFilters, stepFilters, tagSpecification, tagValue } from './tags.ts';

/** A snapshot as the steps see it. */
export const snapshotFactsSchema = z
  .object({
    id: snapshotId,
    volumeId: z.string(),
    state: z.enum(['pending', 'completed', 'error']),
    message: z.string(),
    startedAt: z.iso.datetime({ precision: 3 }),
    sizeGib: z.int().nonnegative(),
    isEncrypted: z.boolean(),
    key: z.string().optional(),
    completedAt: z.iso.datetime({ precision: 3 }).optional(),
    /** Of all data that it restores. */
    fullBytes: z.number().nonnegative().optional(),
    /** Of a copy. */
    transferType: z.string().optional(),
    /** Of a time-based copy. */
    withinMinutes: z.int().positive().optional(),
    plan: z.string().optional(),
    server: z.string().optional(),
    device: z.string().optional(),
    step: z.string().optional(),
    operation: z.string().optional(),
    purpose: z.string().optional(),
    point: z.string().optional(),
  })
  .readonly();
export type SnapshotFacts = z.output<typeof snapshotFactsSchema>;

/** Snapshots of the account by id; unknown ids are left out. */
export async function describeSnapshots(ec2: EC2Client, ids: readonly string[]): Promise<Map<string, SnapshotFacts>> {
  const found = new Map<string, SnapshotFacts>();
  for (const some of inFilters(ids))
    for (const snapshot of await listSnapshots(ec2, [{ Name: 'snapshot-id', Values: some }]))
      found.set(snapshot.id, snapshot);
  return found;
}

/** Snapshots that a step created before, by their tags. @source aws-facts [1.10] */
export function findSnapshots(ec2: EC2Client, owner: Maker): Promise<SnapshotFacts[]> {
  return listSnapshots(ec2, stepFilters(owner));
}

/** All snapshots that a plan's operations created in this Region. */
export function findSnapshotsOfPlan(ec2: EC2Client, plan: string): Promise<SnapshotFacts[]> {
  return listSnapshots(ec2, planFilters(plan));
}

/** Copies in flight in this Region, whoever started them: the limit of 20 counts them all. @source aws-facts [1.6] */
export async function findCopiesInFlight(ec2: EC2Client): Promise<SnapshotFacts[]> {
  const pending = await listSnapshots(ec2, [{ Name: 'status', Values: ['pending'] }]);
  return pending.filter((snapshot) => /^vol-f+$/.test(snapshot.volumeId) && !isWritten(snapshot));
}

/** Manifests and deltas of ours belong to no volume either, but take no place of a copy. Of others AWS tells it by the transfer type. @source aws-facts [1.2] */
function isWritten({ transferType, plan, server = '', device, step = '' }: SnapshotFacts): boolean {
  const isOurs = plan !== undefined && (device === undefined || step.endsWith(`/${server}:${device}`));
  return transferType === undefined && isOurs;
}

async function listSnapshots(ec2: EC2Client, filters: Filter[]): Promise<SnapshotFacts[]> {
  return awsCall('describe snapshots', async () => {
    const found: SnapshotFacts[] = [];
    for await (const page of paginateDescribeSnapshots(
      { client: ec2, pageSize: 1_000 },
      { OwnerIds: ['self'], Filters: filters },
    )) {
      found.push(...(page.Snapshots ?? []).map(factsOf));
    }
    return found;
  });
}

function factsOf(snapshot: Snapshot): SnapshotFacts {
  return {
    id: snapshot.SnapshotId ?? '',
    volumeId: snapshot.VolumeId ?? '',
    state: snapshot.State === 'completed' || snapshot.State === 'error' ? snapshot.State : 'pending',
    message: snapshot.StateMessage ?? '',
    startedAt: (snapshot.StartTime ?? new Date(0)).toISOString(),
    sizeGib: snapshot.VolumeSize ?? 0,
    isEncrypted: snapshot.Encrypted ?? false,
    key: snapshot.KmsKeyId,
    completedAt: snapshot.CompletionTime?.toISOString(),
    fullBytes: snapshot.FullSnapshotSizeInBytes,
    transferType: snapshot.TransferType,
    withinMinutes: snapshot.CompletionDurationMinutes,
    plan: tagValue(snapshot.Tags, 'plan'),
    server: tagValue(snapshot.Tags, 'server'),
    device: tagValue(snapshot.Tags, 'device'),
    step: tagValue(snapshot.Tags, 'step'),
    operation: tagValue(snapshot.Tags, 'operation'),
    purpose: tagValue(snapshot.Tags, 'purpose'),
    point: tagValue(snapshot.Tags, 'point'),
  };
}

/** Snapshots all volumes of one instance at one moment. AWS has no token for it: a repeat makes another set. */
export async function snapshotInstance(ec2: EC2Client, instance: string, owner: OwnerTags): Promise<SnapshotFacts[]> {
  const made = await awsCall(`snapshot the volumes of ${instance}`, () =>
    ec2.send(
      new CreateSnapshotsCommand({
        InstanceSpecification: { InstanceId: instance },
        Description: `Homeward ${owner.step}`,
        TagSpecifications: [tagSpecification('snapshot', owner)],
      }),
    ),
  );
  return (made.Snapshots ?? []).map((snapshot) => factsOf(snapshot));
}

export interface CopyRequest {
  readonly sourceRegion: string;
  readonly sourceSnapshot: string;
  /** Key of the target Region; `undefined` keeps an unencrypted snapshot unencrypted, or takes the Region's default key. */
  readonly key: string | undefined;
  /** A time-based copy, which costs by it: 15 minutes to two days, in steps of 15. @source aws-facts [1.7] */
  readonly withinMinutes?: number | undefined;
  readonly owner: OwnerTags;
}

/** Starts a copy into the Region of `ec2`. AWS has no token for it: a repeat makes another copy. Key problems show later, in the copy's state. @source aws-facts [1.6] */
export async function copySnapshot(ec2: EC2Client, request: CopyRequest): Promise<string> {
  const made = await awsCall(`copy snapshot ${request.sourceSnapshot}`, () =>
    ec2.send(
      new CopySnapshotCommand({
        SourceRegion: request.sourceRegion,
        SourceSnapshotId: request.sourceSnapshot,
        Description: `Homeward ${request.owner.step}`,
        TagSpecifications: [tagSpecification('snapshot', request.owner)],
        ...(request.key === undefined ? {} : { Encrypted: true, KmsKeyId: request.key }),
        ...(request.withinMinutes === undefined ? {} : { CompletionDurationMinutes: request.withinMinutes }),
      }),
    ),
  );
  return made.SnapshotId ?? '';
}

/** Deletes a snapshot; one that is gone already is fine. Returns `false` when an image still needs it. */
export async function deleteSnapshot(ec2: EC2Client, id: string): Promise<boolean> {
  try {
    await awsCall(`delete snapshot ${id}`, () => ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })));
    return true;
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'InvalidSnapshot.NotFound') return true;
    if (error instanceof AwsFailure && error.awsName === 'InvalidSnapshot.InUse') return false;
    throw error;
  }
}
