/**
 * The items of the catalogue, one DynamoDB table in the recovery Region. Times are ISO 8601 with milliseconds, UTC.
 */

/** A volume's identity in both Regions and across swaps: `<server>:<device>`, such as `db:/dev/sdf`. */
export type VolumeKey = `${string}:${string}`;

export function volumeKey(server: string, device: string): VolumeKey {
  return `${server}:${device}`;
}

export type Site = 'primary' | 'recovery';
export type Phase = 'protected' | 'failing-over' | 'recovered' | 'failing-back';
export type OperationKind = 'protect' | 'failover' | 'failback';
export type Outcome = 'running' | 'succeeded' | 'rolled-back' | 'failed';

/** The right to change a plan, held by one operation; it lapses at `until` unless renewed. */
export interface Lease {
  readonly operation: string;
  readonly kind: OperationKind;
  /** ARN of the state machine's execution: a lease ends with it. */
  readonly execution: string;
  readonly until: string;
}

/** Whether a site is known to be unable to write. `owed`: it could not be confirmed and must be before anything is let back. */
export interface Fence {
  readonly site: Site;
  readonly status: 'confirmed' | 'owed';
  readonly since: string;
}

export interface PlanState {
  readonly plan: string;
  readonly phase: Phase;
  readonly activeSite: Site;
  readonly epoch: number;
  readonly lease: Lease | null;
  readonly fence: Fence | null;
  /** The failover whose servers serve now, while the active site is `recovery`. */
  readonly failover: string | null;
  /** The failover or failback that committed last. */
  readonly commit: string | null;
  /** When the last operation ended that had stopped servers: they may need some minutes to send heartbeats again. */
  readonly restingSince: string | null;
}

/** What is needed to launch the same server again; members as `DescribeInstances` gives them. @source aws-facts [3.7] */
export interface LaunchConfiguration {
  readonly instance: string;
  readonly instanceType: string;
  readonly architecture: string;
  readonly rootDevice: string;
  readonly bootMode: string | null;
  readonly tpmSupport: string | null;
  readonly enaSupport: boolean;
  readonly subnet: string;
  readonly zone: string;
  readonly securityGroups: readonly string[];
  readonly keyName: string | null;
  readonly instanceProfile: string | null;
  readonly userData: string | null;
  readonly ebsOptimized: boolean;
  readonly httpTokens: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export type ReplicationMethod = 'native-incremental' | 'native-full' | 'delta';

/** One volume of a recovery point: as captured, and its two snapshots. */
export interface PointVolume {
  readonly device: string;
  readonly volumeId: string;
  readonly sizeGib: number;
  readonly volumeType: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly isEncrypted: boolean;
  readonly deleteOnTermination: boolean;
  readonly snapshot: string;
  readonly copy: string | null;
  readonly method: ReplicationMethod | null;
  readonly isComplete: boolean;
}

export interface PointServer {
  readonly configuration: LaunchConfiguration;
  readonly startedAt: string;
  readonly volumes: Readonly<Record<string, PointVolume>>;
}

export type PointStatus = 'capturing' | 'available' | 'failed';

export interface RecoveryPoint {
  readonly plan: string;
  readonly id: string;
  readonly status: PointStatus;
  readonly operation: string;
  readonly startedAt: string;
  readonly sealedAt: string | null;
  readonly skewSeconds: number | null;
  /** Failovers that launched from it: retention keeps it while there is one. */
  readonly pins: readonly string[];
  readonly servers: Readonly<Record<string, PointServer>>;
}

/** A pair of snapshots, one in each Region, with the same content. */
export interface Twin {
  readonly plan: string;
  readonly volume: VolumeKey;
  readonly madeAt: string;
  readonly method: ReplicationMethod;
  readonly primarySnapshot: string;
  readonly recoverySnapshot: string;
  /** The primary volume whose next snapshot belongs to this lineage; `null` until one was rebuilt from the twin. */
  readonly primaryVolume: string | null;
  readonly operation: string;
  /** Of the operation that made it: twins of later epochs are newer. */
  readonly epoch: number;
}

/** Addresses a DNS record answers with. */
export interface RecordValue {
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

export function isSameRecord(one: RecordValue | undefined, other: RecordValue): boolean {
  return (
    one !== undefined &&
    one.ttlSeconds === other.ttlSeconds &&
    one.values.toSorted().join() === other.values.toSorted().join()
  );
}

export interface TrafficChange {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly before: RecordValue;
  readonly after: RecordValue;
  readonly changeId: string | null;
}

export interface LaunchedServer {
  readonly image: string;
  readonly instance: string | null;
}

export interface SwappedVolume {
  readonly old: string;
  readonly new: string;
}

export interface Round {
  readonly number: number;
  readonly isFinal: boolean;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly blocksMoved: number;
}

export interface VolumeEstimate {
  readonly volume: VolumeKey;
  readonly changedBlocks: number;
  readonly gib: number;
}

export interface FailbackEstimate {
  readonly volumes: readonly VolumeEstimate[];
  readonly changedBlocks: number;
  readonly gib: number;
  readonly minutes: number;
  readonly dollars: number;
  readonly pauseSeconds: number;
}

export interface Operation {
  readonly plan: string;
  readonly id: string;
  readonly kind: OperationKind;
  readonly epoch: number;
  readonly trigger: string;
  readonly progression: string;
  readonly outcome: Outcome;
  readonly cause: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly committedAt: string | null;
  readonly recoveryPoint: string | null;
  readonly servers: Readonly<Record<string, LaunchedServer>>;
  /** Instances that it stopped, with the public address each had then. */
  readonly stopped: Readonly<Record<string, string | null>>;
  readonly traffic: readonly TrafficChange[];
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
  readonly estimate: FailbackEstimate | null;
  readonly rounds: readonly Round[];
  readonly swapped: Readonly<Record<string, SwappedVolume>>;
}

/** The state of one transfer of changed blocks: `OP#<operation>` / `TRANSFER#<id>`. */
export interface TransferRecord {
  readonly id: string;
  readonly volume: VolumeKey;
  readonly target: string;
  readonly changedBlocks: number;
  readonly startedAt: string;
  readonly isCompleting: boolean;
  readonly completedAt: string | null;
  /** Why a unit of it could not be moved. */
  readonly failure?: string;
}

/** What one unit of a transfer wrote: digests are the raw SHA-256 of each block in ascending index order, 32 bytes each. */
export interface UnitRecord {
  readonly unit: number;
  readonly blocks: number;
  readonly digests: Uint8Array;
}

export function newState(plan: string): PlanState {
  return {
    plan,
    phase: 'protected',
    activeSite: 'primary',
    epoch: 0,
    lease: null,
    fence: null,
    failover: null,
    commit: null,
    restingSince: null,
  };
}

export interface OperationStart {
  readonly plan: string;
  readonly id: string;
  readonly kind: OperationKind;
  readonly epoch: number;
  readonly trigger: string;
  readonly startedAt: string;
  readonly recoveryPoint: string | null;
}

export function newOperation(start: OperationStart): Operation {
  return {
    ...start,
    progression: 'opened',
    outcome: 'running',
    cause: null,
    endedAt: null,
    committedAt: null,
    servers: {},
    stopped: {},
    traffic: [],
    rpoSeconds: null,
    rtoSeconds: null,
    estimate: null,
    rounds: [],
    swapped: {},
  };
}
