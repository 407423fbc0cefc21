import type {
  _InstanceType,
  BlockDeviceMapping,
  CpuOptions,
  Instance,
  InstanceMetadataOptionsResponse,
  PrivateDnsNameOptionsResponse,
  RunInstancesRequest,
  Tag,
} from '@aws-sdk/client-ec2';
import type { Content } from '../blocks/content.ts';
import type { Moment } from '../blocks/lineage.ts';

/** Under which KMS key something is encrypted, and its data key: equal data key ids mean one lineage. @source aws-facts [1.2] */
export interface Encryption {
  readonly keyArn: string;
  readonly dataKeyId: string;
}

export interface AttachmentRecord {
  readonly instanceId: string;
  readonly device: string;
  state: 'attaching' | 'attached' | 'detaching';
  deleteOnTermination: boolean;
  readonly attachedAt: number;
}

export interface VolumeRecord {
  readonly id: string;
  readonly zone: string;
  readonly createdAt: number;
  readonly snapshotId: string | undefined;
  readonly content: Content;
  readonly encryption: Encryption | undefined;
  volumeType: string;
  iops: number | undefined;
  throughput: number | undefined;
  state: 'creating' | 'available' | 'in-use' | 'deleting' | 'error';
  attachment: AttachmentRecord | undefined;
  /** Where its history stands: the snapshot it was made from, then each snapshot of it. */
  moment: Moment;
  /** Content at that moment, to count what a snapshot has to upload; `undefined` before the first full snapshot. */
  base: Content | undefined;
  lastSnapshotAt: number | undefined;
  /** Where it was asked for at a rate. */
  readonly initialization: { readonly mibPerSecond: number; readonly endsAt: number } | undefined;
  tags: Tag[];
}

/** As it was asked for: a number of days, or a moment at which it ends. @source aws-facts [1.11] */
export interface SnapshotLock {
  readonly mode: 'governance' | 'compliance';
  readonly createdAt: number;
  readonly days: number | undefined;
  readonly expiresAt: number | undefined;
  readonly coolOffHours: number | undefined;
}

export interface SnapshotRecord {
  readonly id: string;
  /** `vol-ffffffff` for copies and snapshots written block by block. @source aws-facts [1.2] */
  readonly volumeId: string;
  readonly description: string;
  readonly startedAt: number;
  readonly content: Content;
  readonly encryption: Encryption | undefined;
  readonly moment: Moment;
  readonly origin: 'volume' | 'copy' | 'blocks';
  state: 'pending' | 'completed' | 'error';
  stateMessage: string | undefined;
  completedAt: number | undefined;
  progressPercent: number;
  /** Blocks that PutSnapshotBlock wrote into it, each index once; set when it is sealed. */
  blocksWritten?: number;
  lock?: SnapshotLock;
  /** Of a time-based copy: within how many minutes it was asked for, and what it takes of the quota. @source aws-facts [1.7] */
  timed?: { readonly minutes: number; readonly bytesPerSecond: number };
  /** A pending snapshot of a volume is deleted when it has completed. @source aws-facts [1.2] */
  isDeletionAsked: boolean;
  tags: Tag[];
}

/** What a launch may ask for beyond image, type, network and disks; changed afterwards by the director only. */
export interface InstanceOptions {
  metadata: InstanceMetadataOptionsResponse;
  cpu: CpuOptions;
  /** Of burstable types. */
  credits: string | undefined;
  isMonitored: boolean;
  autoRecovery: 'default' | 'disabled';
  hostname: PrivateDnsNameOptionsResponse;
  hasEnclaves: boolean;
  tenancy: 'default' | 'dedicated';
  bandwidth: 'default' | 'vpc-1' | 'ebs-1';
  shutdownBehavior: 'stop' | 'terminate';
}

/** A network interface of an instance, or one that outlived it. */
export interface InterfaceRecord {
  readonly id: string;
  readonly deviceIndex: number;
  readonly networkCard: number;
  /** `interface`, `efa`, `trunk` and so on. */
  readonly type: string;
  readonly subnetId: string;
  readonly privateIp: string;
  /** Beside its first address. */
  readonly moreAddresses: { readonly private: readonly string[]; readonly ipv6: readonly string[] };
  securityGroups: readonly string[];
  readonly description: string;
  readonly deleteOnTermination: boolean;
  sourceDestCheck: boolean;
  /** Given by AWS, or elastic. */
  publicIp: string | undefined;
  tags: Tag[];
}

/** What an instance was bought as and where it was put, of which nothing here depends; as EC2 describes it. */
export type Purchase = Partial<
  Pick<
    Instance,
    | 'InstanceLifecycle'
    | 'PlatformDetails'
    | 'UsageOperation'
    | 'ProductCodes'
    | 'HibernationOptions'
    | 'RootDeviceType'
    | 'VirtualizationType'
    | 'Placement'
    | 'CapacityReservationId'
    | 'Licenses'
    | 'SecondaryInterfaces'
  >
>;

/** On demand, as it was put there. @source aws-facts [3.4] */
export interface CapacityReservationRecord {
  readonly id: string;
  readonly instanceType: _InstanceType;
  readonly zone: string;
  readonly platform: 'Linux/UNIX' | 'Windows';
  readonly tenancy: 'default' | 'dedicated';
  readonly matching: 'open' | 'targeted';
  instanceCount: number;
  state: 'active' | 'expired' | 'cancelled' | 'pending' | 'failed';
  tags: Tag[];
}

export interface InstanceRecord {
  /** Differs from a Linux instance on demand in this. */
  purchase?: Purchase;
  readonly id: string;
  readonly reservationId: string;
  readonly zone: string;
  /** By device index; the first has 0. */
  readonly interfaces: readonly [InterfaceRecord, ...InterfaceRecord[]];
  readonly rootDevice: string;
  /** From the image: what the disk was registered as. */
  readonly architecture: string;
  readonly virtualization: string;
  readonly image: {
    readonly id: string;
    readonly bootMode: string | undefined;
    readonly tpmSupport: string | undefined;
    readonly sriovNetSupport: string | undefined;
  };
  readonly enaSupport: boolean;
  readonly request: Pick<
    RunInstancesRequest,
    'KeyName' | 'IamInstanceProfile' | 'UserData' | 'EbsOptimized' | 'CapacityReservationSpecification'
  >;
  /** The Capacity Reservation whose room it takes while it is not stopped. */
  reservedBy: string | undefined;
  options: InstanceOptions;
  /** Base64 of the non-volatile UEFI variables; of an instance that boots by UEFI. */
  uefiData: string | undefined;
  instanceType: string;
  /** Of the interface with device index 0. */
  readonly wantsPublicIp: boolean;
  disableApiStop: boolean;
  disableApiTermination: boolean;
  state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
  stateReason: { Code: string; Message: string } | undefined;
  launchedAt: number;
  runningAt: number | undefined;
  /** Grows with every change of state, so that a timer of an earlier state does nothing. */
  turn: number;
  tags: Tag[];
}

export interface ImageRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: string;
  readonly virtualization: string;
  readonly bootMode: string | undefined;
  readonly tpmSupport: string | undefined;
  readonly imdsSupport: string | undefined;
  readonly sriovNetSupport: string | undefined;
  readonly uefiData: string | undefined;
  readonly enaSupport: boolean;
  readonly rootDevice: string;
  readonly mappings: readonly BlockDeviceMapping[];
  readonly createdAt: number;
  state: 'pending' | 'available';
  tags: Tag[];
}

export interface SubnetRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly assignsPublicIp: boolean;
  /** Addresses beyond those that instances hold. */
  addressesMax: number;
  tags: Tag[];
}

export interface KeyPairRecord {
  readonly id: string;
  readonly name: string;
  readonly tags: Tag[];
}

export interface SecurityGroupRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly name: string;
  /** Without a rule: nothing begins through it. Other groups let everything in. */
  readonly isClosed: boolean;
  tags: Tag[];
}

export interface AddressRecord {
  readonly id: string;
  readonly publicIp: string;
  associationId: string | undefined;
  instanceId: string | undefined;
  interfaceId: string | undefined;
  tags: Tag[];
}
