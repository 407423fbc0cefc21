/**
 * The items of the catalogue, one DynamoDB table in the recovery Region: a schema for each, by which every item is read, and its
 * type, made from the schema. Times are ISO 8601 with milliseconds, UTC. Members that a schema does not know are left out.
 */
import * as z from 'zod';
import { choiceSchema } from './choice.ts';
import { estimateSchema } from './estimate-schema.ts';
import { isolatedSchema } from './fence.ts';
import { name } from './fields.ts';
import { homesSchema } from './homes.ts';
import {
  imageId,
  instanceId,
  operationIdSchema,
  pointIdSchema,
  snapshotId,
  time,
  volumeId,
  volumeKeySchema,
} from './ids.ts';
import { keptSchema } from './kept.ts';
import { questionsSchema } from './question.ts';
import { leftOutSchema } from './left-out.ts';
import { launchConfigurationSchema } from './launch-configuration.ts';
import { controlChangeSchema } from './routing-control.ts';
import { trafficChangeSchema } from './record-set.ts';
import { methodSchema, replicationMembers, transferMethodSchema } from './replication-record.ts';

const count = z.int().nonnegative();

export type VolumeKey = z.output<typeof volumeKeySchema>;

export function volumeKey(server: string, device: string): VolumeKey {
  return `${server}:${device}`;
}

const siteSchema = z.enum(['primary', 'recovery']);
export const phaseSchema = z.enum(['protected', 'failing-over', 'recovered', 'failing-back']);
const holderKindSchema = z.enum(['protect', 'failover', 'failback', 'accept']);
const operationKindSchema = z.enum([...holderKindSchema.options, 'drill']);
export type Site = z.output<typeof siteSchema>;
export type Phase = PlanState['phase'];
/** Operations that hold the plan while they are under way, by kind; a drill goes on beside them. */
export type HolderKind = z.output<typeof holderKindSchema>;
export type OperationKind = z.output<typeof operationKindSchema>;
export type Outcome = Operation['outcome'];

/** The right to change a plan, held by one operation; it lapses at `until` unless renewed. */
const leaseSchema = z
  .object({
    operation: operationIdSchema,
    kind: holderKindSchema,
    /** ARN of the state machine's execution: a lease ends with it. */
    execution: z.string().regex(/^\S{1,400}$/),
    until: time,
  })
  .readonly();
export type Lease = z.output<typeof leaseSchema>;

/**
 * Whether a site is known to be unable to write. `confirmed`: its servers are stopped. `owed`: it could not be fenced and must be. `isolated`: its servers run,
 * and no connection can begin. `waived`: its plan has nobody fence it. Nothing is let back before it is confirmed.
 */
const fenceSchema = z
  .object({ site: siteSchema, status: z.enum(['confirmed', 'owed', 'isolated', 'waived']), since: time })
  .readonly();
export type Fence = z.output<typeof fenceSchema>;

/** Where a plan stands. What contradicts itself is refused: a phase, where production runs, and who holds the plan fit together. */
export const planStateSchema = z
  .object({
    plan: name,
    phase: phaseSchema,
    activeSite: siteSchema,
    epoch: count,
    lease: leaseSchema.nullable(),
    fence: fenceSchema.nullable(),
    /** The failover whose servers serve now, while the active site is `recovery`. */
    failover: operationIdSchema.nullable(),
    /** The failover or failback that committed last. */
    commit: operationIdSchema.nullable(),
    /** When the last operation ended that had stopped servers: they may need some minutes to send heartbeats again. */
    restingSince: time.nullable(),
    /** Of a plan of which servers came home as new ones. */
    homes: homesSchema.exactOptional(),
  })
  .superRefine(({ phase, activeSite, failover, lease }, { addIssue }) => {
    const resting = {
      protected: 'primary',
      recovered: 'recovery',
      'failing-over': activeSite,
      'failing-back': activeSite,
    };
    const rest = activeSite === 'primary' ? 'protected' : 'recovered';
    const during = { protect: rest, accept: 'protected', failover: 'failing-over', failback: 'failing-back' };
    const wrong = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message });
    if (resting[phase] !== activeSite) wrong('activeSite', `does not fit phase ${phase}`);
    if ((activeSite === 'recovery') !== (failover !== null))
      wrong('failover', `does not fit active site ${activeSite}`);
    if (lease !== null && !lease.operation.startsWith(`${lease.kind}-`))
      wrong('lease', `of a ${lease.kind} names another kind of operation`);
    if (lease !== null && during[lease.kind] !== phase)
      wrong('lease', `of a ${lease.kind} does not fit phase ${phase}`);
  })
  .readonly();
export type PlanState = z.output<typeof planStateSchema>;

/** One volume of a recovery point: as captured, and its two snapshots. A complete one names the copy and how it was made. */
const pointVolumeSchema = z
  .object({
    device: z.string().min(1),
    volumeId,
    sizeGib: z.int().positive(),
    volumeType: z.string(),
    iops: count.nullable(),
    throughput: count.nullable(),
    isEncrypted: z.boolean(),
    deleteOnTermination: z.boolean(),
    /** Its own, as captured; absent in points of versions that did not. */
    tags: z.record(z.string(), z.string()).readonly().exactOptional(),
    snapshot: snapshotId,
    copy: snapshotId.nullable(),
    /** A copy that ended in error before this one. */
    failedCopy: snapshotId.exactOptional(),
    ...replicationMembers,
    isComplete: z.boolean(),
  })
  .refine(({ isComplete, copy, method }) => !isComplete || (copy !== null && method !== null), {
    error: 'is complete without a copy',
    path: ['copy'],
  })
  .readonly();
export type PointVolume = z.output<typeof pointVolumeSchema>;

const pointServerFields = z.object({
  configuration: launchConfigurationSchema,
  startedAt: time,
  /** What was reached where the plan asks for `application`; left out where it does not: `crash`. */
  consistency: z.enum(['crash', 'application']).exactOptional(),
  /** How often its volumes were written since it was captured; absent where never. */
  revision: count.exactOptional(),
  volumes: z
    .record(z.string(), pointVolumeSchema)
    .refine((volumes) => Object.entries(volumes).every(([device, volume]) => volume.device === device), {
      error: 'names a volume by another device',
    })
    .readonly(),
});
const pointServerSchema = pointServerFields.readonly();
export type PointServer = z.output<typeof pointServerSchema>;

/** A server as an operation found it: its instance, and the group of the plan whose tags picked it; `null` where the plan names it. */
const memberSchema = z.object({ instance: instanceId, group: name.nullable() }).readonly();
export type Member = z.output<typeof memberSchema>;

const headerFields = z.object({
  plan: name,
  id: pointIdSchema,
  /** `expired`: retention has let it go; its items stay until the last of its snapshots is gone. */
  status: z.enum(['capturing', 'available', 'failed', 'expired']),
  operation: operationIdSchema,
  startedAt: time,
  sealedAt: time.nullable(),
  skewSeconds: z.number().nonnegative().nullable(),
  /** Failovers that launched from it, and the drill that verified it if none has verified a newer one: retention keeps it while there is one. */
  pins: z.array(operationIdSchema).readonly(),
  /** The servers it is made of; none until they have been selected. */
  members: z.record(name, memberSchema).readonly(),
  /** When a drill last found that its servers come up and are healthy. */
  verifiedAt: time.exactOptional(),
});

const isSealedInTime = {
  holds: ({ status, sealedAt }: { status: string; sealedAt: string | null }) =>
    (status === 'available' || status === 'expired') === (sealedAt !== null),
  otherwise: { error: 'does not fit the time of sealing', path: ['status'] },
};

/** What a recovery point says of itself. Its servers are items of their own: there may be hundreds, and choosing among points needs none of them. */
export const pointHeaderSchema = headerFields.refine(isSealedInTime.holds, isSealedInTime.otherwise).readonly();
export type PointHeader = z.output<typeof pointHeaderSchema>;
export type PointStatus = PointHeader['status'];

/** One server of a recovery point, as an item. */
export const pointServerItemSchema = pointServerFields
  .extend({ plan: name, point: pointIdSchema, server: name })
  .readonly();
export type PointServerItem = z.output<typeof pointServerItemSchema>;

/** One consistent set of volume images; an available one is whole (I2). */
export const recoveryPointSchema = headerFields
  .extend({ servers: z.record(name, pointServerSchema).readonly() })
  .refine(isSealedInTime.holds, isSealedInTime.otherwise)
  .superRefine(({ status, members, servers }, { addIssue }) => {
    const wrong = (message: string) => addIssue({ code: 'custom', path: ['servers'], message });
    const volumes = Object.values(servers).flatMap((server) => Object.values(server.volumes));
    const isWhole = volumes.every(({ isComplete }) => isComplete);
    const ids = volumes.flatMap(({ snapshot, copy }) => [snapshot, copy]).filter((id) => id !== null);
    const missing = Object.keys(members).filter((member) => servers[member] === undefined);
    if (status === 'available' && !isWhole) wrong('has an incomplete volume in an available point');
    if (status === 'available' && missing.length > 0)
      wrong(`has no image of ${missing.join(', ')} in an available point`);
    if (new Set(ids).size < ids.length) wrong('names one snapshot for two volumes');
  })
  .readonly();
export type RecoveryPoint = z.output<typeof recoveryPointSchema>;

/** A pair of snapshots, one in each Region, with the same content. */
export const twinSchema = z
  .object({
    plan: name,
    volume: volumeKeySchema,
    madeAt: pointIdSchema,
    method: methodSchema,
    primarySnapshot: snapshotId,
    recoverySnapshot: snapshotId,
    /** The primary volume whose next snapshot belongs to this lineage; `null` until one was rebuilt from the twin. */
    primaryVolume: volumeId.nullable(),
    operation: operationIdSchema,
    /** Of the operation that made it: twins of later epochs are newer. */
    epoch: count,
    /** AWS copied it to the primary Region: what is in the recovery Region is no copy, after which AWS would copy incrementally. */
    isCopiedHome: z.literal(true).exactOptional(),
  })
  .refine(({ primarySnapshot, recoverySnapshot }) => primarySnapshot !== recoverySnapshot, {
    error: 'is the primary snapshot too',
    path: ['recoverySnapshot'],
  })
  .readonly();
export type Twin = z.output<typeof twinSchema>;

/** `hydratedBy`: when its volumes are filled at the latest, where they were asked for at a rate. */
const launchedServerSchema = z
  .object({ image: imageId, instance: instanceId.nullable(), hydratedBy: time.exactOptional() })
  .readonly();

/** How it ended to bring a server up: launched or started with all that belongs to it, or left out; or not. */
const broughtUpSchema = z
  .object({ at: time, failure: z.object({ code: z.string(), message: z.string() }).readonly().nullable() })
  .readonly();

/** `old` is empty where nothing was attached. */
const swappedVolumeSchema = z.object({ old: z.string().regex(/^(vol-[0-9a-z]{1,40})?$/), new: volumeId }).readonly();
export type SwappedVolume = z.output<typeof swappedVolumeSchema>;

const roundSchema = z
  .object({
    number: z.int().positive(),
    isFinal: z.boolean(),
    startedAt: time,
    endedAt: time,
    blocksMoved: count,
    largestBlocks: count.exactOptional(),
  })
  .readonly();
export type Round = z.output<typeof roundSchema>;

/** What a volume of the returned primary held that no recovery point had: changed blocks, and the snapshot that keeps them. */
const unreplicatedSchema = z.object({ snapshot: snapshotId, blocks: count }).readonly();
export type Unreplicated = z.output<typeof unreplicatedSchema>;

export const operationSchema = z
  .object({
    plan: name,
    id: operationIdSchema,
    kind: operationKindSchema,
    epoch: count,
    trigger: z.string(),
    /** Digest of the plan as it was deployed when the operation began; absent in those of versions that kept none. */
    planVersion: z.string().exactOptional(),
    progression: z.string(),
    /** When each progression began, in order; one that came back is there again. */
    progressed: z
      .array(z.object({ at: time, progression: z.string() }).readonly())
      .readonly()
      .default([]),
    outcome: z.enum(['running', 'succeeded', 'rolled-back', 'failed']),
    cause: z.string().nullable(),
    startedAt: time,
    endedAt: time.nullable(),
    committedAt: time.nullable(),
    recoveryPoint: pointIdSchema.nullable(),
    /** Of a failover; a failback names what it brings home by it. */
    choice: choiceSchema.exactOptional(),
    /** A failover that stops the primary in order, and launches from a point of the stopped servers. */
    isPlanned: z.literal(true).exactOptional(),
    /** What it is of its kind, where it is not the whole of one. */
    extent: z.enum(['dry-run', 'estimate', 'fence', 'way-home', 'list', 'reverse']).exactOptional(),
    /** Of a failback: servers that it brings home as new ones. */
    newServers: z.array(name).readonly().exactOptional(),
    /** What the preflight of a failover found that does not stand in its way. */
    warnings: z.array(z.string()).readonly().exactOptional(),
    servers: z.record(name, launchedServerSchema).readonly(),
    /** Servers of its waves with which that has ended. Operations that an earlier version opened have none. */
    broughtUp: z.record(name, broughtUpSchema).readonly().exactOptional(),
    leftOut: leftOutSchema,
    questions: questionsSchema,
    /** Instances that it stopped, with the public address each had then. */
    stopped: z.record(instanceId, z.string().nullable()).readonly(),
    /** Interfaces that it, or who paid its fence, isolated. Operations that an earlier version opened have none. */
    isolated: isolatedSchema.exactOptional(),
    traffic: z.array(trafficChangeSchema).readonly(),
    /** Of a plan that has some. */
    controls: z.array(controlChangeSchema).readonly().exactOptional(),
    /** To which site it had the plan's health check lead, from when on, and whether that led there already. */
    signalled: z.object({ to: siteSchema, at: time, wasThere: z.boolean() }).readonly().exactOptional(),
    /** The undo of it has begun before users were led by the plan's health check: what that does afterwards makes nothing final. */
    isTakenBack: z.literal(true).exactOptional(),
    rpoSeconds: z.number().nullable(),
    rtoSeconds: z.number().nullable(),
    estimate: estimateSchema.nullable(),
    rounds: z.array(roundSchema).readonly(),
    swapped: z.record(volumeKeySchema, swappedVolumeSchema).readonly(),
    /** Writes of the primary that never reached the recovery Region; volumes without any are not listed. `null`: not looked yet. */
    unreplicated: z.record(volumeKeySchema, unreplicatedSchema).readonly().nullable(),
    /** What stays since the plan came home, as it was when this operation looked. */
    kept: keptSchema.exactOptional(),
    /** Of a failback that was undone while the primary Region was silent: what it had changed or launched there is still to be put back. */
    isLeftAtHome: z.boolean().exactOptional(),
    /** Of a failback: when the last of what had stayed was gone, after somebody accepted it. */
    acceptedAt: time.exactOptional(),
  })
  .readonly();
export type Operation = z.output<typeof operationSchema>;
export type Extent = NonNullable<Operation['extent']>;

/** The state of one transfer of blocks: `OP#<operation>` / `TRANSFER#<id>`. */
export const transferRecordSchema = z
  .object({
    id: z.string().min(1),
    volume: volumeKeySchema,
    target: snapshotId,
    method: transferMethodSchema,
    /** To be looked at, by the listing that it began with. */
    listedBlocks: count,
    /** Written: all that are listed, or those of them that differ. `null` until every unit is done. */
    changedBlocks: count.nullable(),
    startedAt: time,
    isCompleting: z.boolean(),
    completedAt: time.nullable(),
    /** Why a unit of it could not be moved. */
    failure: z.string().exactOptional(),
  })
  .readonly();
export type TransferRecord = z.output<typeof transferRecordSchema>;

const digestBytes = 32;

/**
 * What one run looked at (`listed`) and wrote (`blocks`) of a unit of a transfer, from block `first` on; the next run goes on at `next`,
 * `null` when the unit is done. Digests are the raw SHA-256 of each written block in ascending index order, 32 bytes each.
 */
export const unitRecordSchema = z
  .object({
    unit: count,
    first: count,
    next: count.nullable(),
    listed: count,
    blocks: count,
    digests: z.instanceof(Uint8Array),
  })
  .refine(({ blocks, digests }) => digests.length === blocks * digestBytes, {
    error: 'does not hold one digest for each block',
    path: ['digests'],
  });
export type UnitRecord = Readonly<z.output<typeof unitRecordSchema>>;
