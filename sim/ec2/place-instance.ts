import { bootBlock, type BootRecord } from '../blocks/boot-record.ts';
import { processorOf } from './boot.ts';
import { makeVolume } from './make-volume.ts';
import { newPublicIp, takeAddress } from './network.ts';
import type { InstanceRecord } from './records.ts';
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
  readonly disableApiStop?: boolean;
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
  const { id, privateIp, publicIp } = instance;
  return { id, privateIp, publicIp, volumes: Object.fromEntries(volumes) };
}

function bootRecordOf({ listens = [], healthPath }: InstancePlacing): BootRecord {
  return { listens, ...(healthPath === undefined ? {} : { healthPath }) };
}

function instanceOf(state: Ec2State, placing: InstancePlacing): InstanceRecord {
  const subnet = state.subnets.get(placing.subnet);
  if (subnet === undefined) throw new Error(`${state.region} has no subnet ${placing.subnet}`);
  const { instanceType = 'm7i.large', rootDevice = '/dev/xvda', keyName, instanceProfile, userData } = placing;
  const longAgoMs = state.timings.statusChecksMs + state.timings.serviceStartMs;
  return {
    id: placing.id ?? state.newId('i'),
    reservationId: state.newId('r'),
    subnetId: subnet.id,
    zone: subnet.zone,
    privateIp: takeAddress(state, subnet),
    interfaceId: state.newId('eni'),
    rootDevice,
    architecture: processorOf(instanceType),
    virtualization: 'hvm',
    image: { id: state.newId('ami'), bootMode: placing.bootMode, tpmSupport: undefined },
    enaSupport: true,
    request: {
      KeyName: keyName,
      UserData: userData,
      EbsOptimized: true,
      MetadataOptions: { HttpTokens: 'required' },
      ...(instanceProfile === undefined ? {} : { IamInstanceProfile: { Arn: instanceProfile } }),
    },
    instanceType,
    securityGroups: placing.securityGroups ?? [],
    publicIp: subnet.assignsPublicIp ? newPublicIp(state) : undefined,
    wantsPublicIp: subnet.assignsPublicIp,
    disableApiStop: placing.disableApiStop ?? false,
    disableApiTermination: false,
    state: 'running',
    stateReason: undefined,
    launchedAt: state.now() - longAgoMs,
    runningAt: state.now() - longAgoMs,
    turn: 0,
    tags: tagsOf(placing.tags),
  };
}

function tagsOf(tags: Readonly<Record<string, string>> = {}) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
