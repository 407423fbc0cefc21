import { bootBlock, type BootRecord } from '../blocks/boot-record.ts';
import { processorOf } from './boot.ts';
import { makeVolume } from './make-volume.ts';
import { type InterfaceWish, makeInterfaces } from './make-interfaces.ts';
import { newPublicIp } from './network.ts';
import { bootModeOf, freshUefiData } from './boot.ts';
import { type OptionsRequest, optionsOf } from './instance-options.ts';
import type { InstanceRecord, SubnetRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** A volume of a placed instance. */
export interface VolumePlacing {
  readonly device: string;
  readonly sizeGib: number;
  /** Default `gp3`. */
  readonly volumeType?: string;
  /** ARN of a key of the Region; unencrypted without. */
  readonly key?: string;
  /** Default: true for the root device, else false. */
  readonly deleteOnTermination?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An interface of a placed instance beside its first one. Device indexes count from 1 in their order; deletion with the instance is off. */
export interface InterfacePlacing
  extends Pick<InterfaceWish, 'description' | 'sourceDestCheck' | 'type' | 'networkCard'> {
  readonly subnet: string;
  readonly securityGroups?: readonly string[];
}

/** A server that runs already when the story begins. */
export interface InstancePlacing extends Partial<BootRecord> {
  readonly id?: string;
  readonly subnet: string;
  readonly securityGroups?: readonly string[];
  /** Default `m7i.large`; its processors give the architecture. */
  readonly instanceType?: string;
  /** Default `/dev/xvda`. */
  readonly rootDevice?: string;
  /** Default: one root volume of 8 GiB. Block 0 of the root volume gets the boot record. */
  readonly volumes?: readonly VolumePlacing[];
  readonly keyName?: string;
  /** ARN of an instance profile. */
  readonly instanceProfile?: string;
  /** Base64. */
  readonly userData?: string;
  readonly bootMode?: string;
  readonly tpmSupport?: string;
  /** Base64; default: as firmware begins. Only of an instance that boots by UEFI. */
  readonly uefiData?: string;
  readonly sriovNetSupport?: string;
  /** As RunInstances takes them. Default: tokens are required by the metadata service. */
  readonly options?: OptionsRequest;
  /** Default true. */
  readonly sourceDestCheck?: boolean;
  readonly disableApiStop?: boolean;
  readonly disableApiTermination?: boolean;
  /** Of the first interface, beside the address that it is given. */
  readonly secondaryAddresses?: number;
  readonly ipv6Addresses?: readonly string[];
  /** Interfaces beside the first one, as their owner has attached them later. */
  readonly moreInterfaces?: readonly InterfacePlacing[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface PlacedInstance {
  readonly id: string;
  readonly privateIp: string;
  readonly publicIp: string | undefined;
  /** Volume ids by device. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** Puts an instance that has long been running into a Region: its checks have passed and its programs serve. */
export function placeInstance(state: Ec2State, placing: InstancePlacing): PlacedInstance {
  const instance = instanceOf(state, placing);
  state.instances.set(instance.id, instance);
  const { rootDevice } = instance;
  const volumes = (placing.volumes ?? [{ device: rootDevice, sizeGib: 8 }]).map((wanted) => {
    const isRoot = wanted.device === rootDevice;
    const wish = {
      Size: wanted.sizeGib,
      VolumeType: wanted.volumeType ?? 'gp3',
      ...(wanted.key === undefined ? {} : { Encrypted: true, KmsKeyId: wanted.key }),
    };
    const volume = makeVolume(state, instance.zone, wish, tagsOf(wanted.tags));
    volume.state = 'in-use';
    volume.attachment = {
      instanceId: instance.id,
      device: wanted.device,
      state: 'attached',
      deleteOnTermination: wanted.deleteOnTermination ?? isRoot,
      attachedAt: state.now(),
    };
    if (isRoot) volume.content.write(0, bootBlock(bootRecordOf(placing)));
    return [wanted.device, volume.id] as const;
  });
  const [{ privateIp, publicIp }] = instance.interfaces;
  return { id: instance.id, privateIp, publicIp, volumes: Object.fromEntries(volumes) };
}

function bootRecordOf({ listens = [], healthPath }: InstancePlacing): BootRecord {
  return { listens, ...(healthPath === undefined ? {} : { healthPath }) };
}

function instanceOf(state: Ec2State, placing: InstancePlacing): InstanceRecord {
  const subnet = subnetOf(state, placing.subnet);
  const { instanceType = 'm7i.large', rootDevice = '/dev/xvda', keyName, instanceProfile, userData } = placing;
  const longAgoMs = state.timings.statusChecksMs + state.timings.serviceStartMs;
  const { bootMode, tpmSupport, sriovNetSupport, options = {} } = placing;
  const image = { id: state.newId('ami'), bootMode, tpmSupport, sriovNetSupport };
  const isUefi = bootModeOf({ instanceType, image }) === 'uefi';
  if (placing.uefiData !== undefined && !isUefi) throw new Error(`${instanceType} has no UEFI variables`);
  const [first, ...others] = makeInterfaces(state, wishesOf(state, subnet, placing));
  return {
    id: placing.id ?? state.newId('i'),
    reservationId: state.newId('r'),
    zone: subnet.zone,
    interfaces: [{ ...first, publicIp: subnet.assignsPublicIp ? newPublicIp(state) : undefined }, ...others],
    rootDevice,
    architecture: processorOf(instanceType),
    virtualization: 'hvm',
    image,
    enaSupport: true,
    reservedBy: undefined,
    request: {
      KeyName: keyName,
      UserData: userData,
      EbsOptimized: true,
      ...(instanceProfile === undefined ? {} : { IamInstanceProfile: { Arn: instanceProfile } }),
    },
    options: optionsOf({ MetadataOptions: { HttpTokens: 'required' }, ...options }, instanceType, undefined),
    uefiData: isUefi ? (placing.uefiData ?? freshUefiData) : undefined,
    instanceType,
    wantsPublicIp: subnet.assignsPublicIp,
    disableApiStop: placing.disableApiStop ?? false,
    disableApiTermination: placing.disableApiTermination ?? false,
    state: 'running',
    stateReason: undefined,
    launchedAt: state.now() - longAgoMs,
    runningAt: state.now() - longAgoMs,
    turn: 0,
    tags: tagsOf(placing.tags),
  };
}

function wishesOf(state: Ec2State, subnet: SubnetRecord, placing: InstancePlacing): InterfaceWish[] {
  const { securityGroups = [], sourceDestCheck, secondaryAddresses, ipv6Addresses, moreInterfaces = [] } = placing;
  const first = { deviceIndex: 0, subnet, securityGroups, sourceDestCheck, secondaryAddresses, ipv6Addresses };
  return [
    { ...first, deleteOnTermination: true, tags: [] },
    ...moreInterfaces.map((more, index) => ({
      ...more,
      deviceIndex: index + 1,
      subnet: subnetOf(state, more.subnet),
      securityGroups: more.securityGroups ?? [],
      deleteOnTermination: false,
      tags: [],
    })),
  ];
}

function subnetOf(state: Ec2State, id: string): SubnetRecord {
  const subnet = state.subnets.get(id);
  if (subnet === undefined) throw new Error(`${state.region} has no subnet ${id}`);
  return subnet;
}

function tagsOf(tags: Readonly<Record<string, string>> = {}) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
