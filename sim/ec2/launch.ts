import type { BlockDeviceMapping, Reservation, RunInstancesRequest, Tag } from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { reservationFor } from './capacity-reservations.ts';
import { describeInstance } from './describe-instance.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing, refuseOthers } from './errors.ts';
import { bootModeOf, freshUefiData } from './boot.ts';
import { optionMembers, optionsOf } from './instance-options.ts';
import { countThatFits, type LaunchNetwork, networkMembers, networkOf, wishesOf } from './launch-interfaces.ts';
import { knownKeyPair } from './key-pairs.ts';
import { bringUp, checkCapacity } from './lifecycle.ts';
import { checkInitialization, makeVolume, mappingMembers, wanted } from './make-volume.ts';
import { makeInterfaces } from './make-interfaces.ts';
import { checkVolumes, checkVcpus } from './quotas.ts';
import type { ImageRecord, InstanceOptions, InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';
import { tagsFor } from './tags.ts';

const taggable = ['instance', 'volume', 'network-interface'] as const;

/** Once decoded. @source EC2 API reference, RunInstances */
const userDataBytesMax = 16_384;

function runInstances(state: Ec2State, input: RunInstancesRequest): Reservation {
  const network = networkOf(state, input);
  const ids = state.clientTokens.once(`RunInstances/${network.zone}`, input.ClientToken, { ...input }, () =>
    launch(state, input, network),
  );
  const instances = ids.flatMap((id) => state.instances.get(id) ?? []);
  return {
    ReservationId: instances[0]?.reservationId,
    OwnerId: state.account,
    Groups: [],
    Instances: instances.map((instance) => describeInstance(state, instance)),
  };
}

/** Everything is checked before anything is made. @returns ids of the instances */
function launch(state: Ec2State, input: RunInstancesRequest, network: LaunchNetwork): string[] {
  const { MinCount = 1, MaxCount = 1, InstanceType } = input;
  if (InstanceType === undefined) throw missing('instanceType');
  if (Buffer.from(input.UserData ?? '', 'base64').length > userDataBytesMax)
    throw invalid(`User data is limited to ${userDataBytesMax} bytes`);
  for (const { Ebs } of input.BlockDeviceMappings ?? [])
    refuseOthers('BlockDeviceMappings.Ebs', Ebs, [...mappingMembers, 'VolumeInitializationRate']);
  if (MinCount < 1 || MaxCount < MinCount) throw invalid(`MinCount ${MinCount}, MaxCount ${MaxCount}`);
  const image = found(state.images, input.ImageId, 'InvalidAMIID.NotFound', 'image id');
  if (image.state !== 'available')
    throw new AwsError('InvalidAMIID.Unavailable', `The image id '[${image.id}]' is not available`);
  const options = optionsOf(input, InstanceType, image.imdsSupport);
  const mappings = mergeMappings(image, input.BlockDeviceMappings ?? []);
  const volumes = mappings.map(({ Ebs: { VolumeSize, ...wish } = {} }) => wanted(state, { ...wish, Size: VolumeSize }));
  if (input.KeyName !== undefined) knownKeyPair(state, input.KeyName);
  if (input.IamInstanceProfile !== undefined) state.beside.iam.profileOf(input.IamInstanceProfile);
  const tags = {
    instance: tagsFor(input.TagSpecifications, 'instance', taggable),
    volume: tagsFor(input.TagSpecifications, 'volume', taggable),
    interface: tagsFor(input.TagSpecifications, 'network-interface', taggable),
  };
  const reservedBy = reservationFor(state, {
    ...{ specification: input.CapacityReservationSpecification, instanceType: InstanceType },
    ...{ zone: network.zone, tenancy: options.tenancy, count: MaxCount },
  });
  checkCapacity(state, { zone: network.zone, instanceType: InstanceType, isReserved: reservedBy !== undefined });
  const count = countThatFits(state, network, { least: MinCount, count: MaxCount });
  checkVcpus(state, InstanceType, count);
  checkVolumes(state, Array.from({ length: count }, () => volumes).flat());
  const ebs = mappings.map(({ Ebs = {} }) => Ebs);
  checkInitialization(state, network.zone, Array.from({ length: count }, () => ebs).flat());
  const reservationId = state.newId('r');
  return Array.from({ length: count }, () =>
    launchOne(state, {
      input,
      options: structuredClone(options),
      network,
      image,
      mappings,
      tags,
      reservationId,
      reservedBy,
    }),
  );
}

interface Launch {
  readonly input: RunInstancesRequest;
  readonly options: InstanceOptions;
  readonly network: LaunchNetwork;
  readonly image: ImageRecord;
  readonly mappings: readonly BlockDeviceMapping[];
  readonly tags: { readonly instance: Tag[]; readonly volume: Tag[]; readonly interface: Tag[] };
  readonly reservationId: string;
  readonly reservedBy: string | undefined;
}

function launchOne(state: Ec2State, launch: Launch): string {
  const { network, mappings, tags } = launch;
  const instance = newInstance(state, launch);
  state.instances.set(instance.id, instance);
  for (const { DeviceName = '', Ebs } of mappings) {
    const { VolumeSize, DeleteOnTermination = true, ...wish } = Ebs ?? {};
    const volume = makeVolume(state, network.zone, { ...wish, Size: VolumeSize }, [...tags.volume]);
    volume.attachment = {
      instanceId: instance.id,
      device: DeviceName,
      state: 'attaching',
      deleteOnTermination: DeleteOnTermination,
      attachedAt: state.now(),
    };
  }
  bringUp(state, instance);
  return instance.id;
}

function newInstance(state: Ec2State, launch: Launch): InstanceRecord {
  const { input, options, network, image, tags, reservationId, reservedBy } = launch;
  const { InstanceType: instanceType = '' } = input;
  const isUefi = bootModeOf({ instanceType, image }) === 'uefi';
  return {
    id: state.newId('i'),
    reservationId,
    zone: network.zone,
    interfaces: makeInterfaces(state, wishesOf(network, tags.interface)),
    rootDevice: image.rootDevice,
    architecture: image.architecture,
    virtualization: image.virtualization,
    image: {
      id: image.id,
      bootMode: image.bootMode,
      tpmSupport: image.tpmSupport,
      sriovNetSupport: image.sriovNetSupport,
    },
    enaSupport: image.enaSupport,
    request: input,
    reservedBy,
    options,
    uefiData: isUefi ? (image.uefiData ?? freshUefiData) : undefined,
    instanceType,
    wantsPublicIp: network.wantsPublicIp,
    disableApiStop: input.DisableApiStop ?? false,
    disableApiTermination: input.DisableApiTermination ?? false,
    state: 'pending',
    stateReason: undefined,
    launchedAt: state.now(),
    runningAt: undefined,
    turn: 0,
    tags: [...tags.instance],
  };
}

/** The image's mappings with the request's on top. @source aws-facts [3.1] */
function mergeMappings(image: ImageRecord, overrides: readonly BlockDeviceMapping[]): BlockDeviceMapping[] {
  const merged = new Map(image.mappings.map((mapping) => [mapping.DeviceName, mapping]));
  for (const override of overrides) {
    const before = merged.get(override.DeviceName);
    const isOtherSnapshot =
      override.Ebs?.SnapshotId !== undefined && override.Ebs.SnapshotId !== before?.Ebs?.SnapshotId;
    if (override.DeviceName === image.rootDevice && isOtherSnapshot)
      throw new AwsError('InvalidBlockDeviceMapping', 'snapshotId cannot be modified on root device');
    if (override.NoDevice !== undefined) merged.delete(override.DeviceName);
    else merged.set(override.DeviceName, { ...before, ...override, Ebs: { ...before?.Ebs, ...override.Ebs } });
  }
  return [...merged.values()];
}

export const launchOperations = {
  RunInstances: ec2Operation<RunInstancesRequest, Reservation>(
    [
      'ImageId',
      'InstanceType',
      'MinCount',
      'MaxCount',
      ...networkMembers,
      'BlockDeviceMappings',
      'KeyName',
      'IamInstanceProfile',
      'UserData',
      'EbsOptimized',
      ...optionMembers,
      'CapacityReservationSpecification',
      'DisableApiStop',
      'DisableApiTermination',
      'ClientToken',
      'TagSpecifications',
    ],
    runInstances,
  ),
};
