import type {
  AssociateAddressRequest,
  AttachVolumeRequest,
  CopySnapshotRequest,
  CreateSnapshotsRequest,
  CreateTagsRequest,
  CreateVolumeRequest,
  DeleteSnapshotRequest,
  DeleteVolumeRequest,
  DeregisterImageRequest,
  DescribeInstanceAttributeRequest,
  DetachVolumeRequest,
  GetInstanceUefiDataRequest,
  LockSnapshotRequest,
  ModifyInstanceAttributeRequest,
  ModifyNetworkInterfaceAttributeRequest,
  RegisterImageRequest,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import type { Held } from './held.ts';
import { ec2Of, type KeyUse, keyRequests } from './kms-requests.ts';
import { type IamRequest, requestTags } from './request.ts';

/** The requests of one call, from its input and what the Region holds at that moment. @source aws-facts [8.2] */
type Mapping<Input> = (input: Input, held: Held) => IamRequest[];

const describing: Mapping<unknown> = () => [];

function keys(held: Held, ids: readonly (string | undefined)[], use: KeyUse): IamRequest[] {
  return held.keysOf(ids).flatMap((key) => keyRequests(key, use, [ec2Of(held.region)]));
}

const instances =
  (action: string): Mapping<{ InstanceIds?: string[] }> =>
  ({ InstanceIds = [] }, held) =>
    InstanceIds.map((id) => held.use(action, 'instance', id));

const createSnapshots: Mapping<CreateSnapshotsRequest> = ({ InstanceSpecification, TagSpecifications }, held) => {
  const instance = InstanceSpecification?.InstanceId ?? '';
  const volumes = held.volumesOf([instance]);
  return [
    held.use('ec2:CreateSnapshots', 'instance', instance),
    ...volumes.map((id) => held.use('ec2:CreateSnapshots', 'volume', id)),
    held.make('ec2:CreateSnapshots', 'snapshot', TagSpecifications),
    ...held.tagging('CreateSnapshots', 'snapshot', TagSpecifications),
    ...keys(held, volumes, 'make'),
  ];
};

/** Asked of the source as well as of the copy; the source's key may be used through either Region's EC2. @source aws-facts [8.2], [8.3] */
const copySnapshot: Mapping<CopySnapshotRequest> = (input, held) => {
  const { SourceRegion = held.region, SourceSnapshotId = '', TagSpecifications, KmsKeyId } = input;
  const source = held.elsewhere(SourceRegion);
  const sourceKeys = source.keysOf([SourceSnapshotId]);
  const isEncrypted = sourceKeys.length > 0 || input.Encrypted === true;
  const targetKey = isEncrypted ? [held.state.keys.resolve(KmsKeyId)] : [];
  return [
    { action: 'ec2:CopySnapshot', resource: source.arn('snapshot', SourceSnapshotId), context: {} },
    held.make('ec2:CopySnapshot', 'snapshot', TagSpecifications),
    ...held.tagging('CopySnapshot', 'snapshot', TagSpecifications),
    ...sourceKeys.flatMap((key) => keyRequests(key, 'copyFrom', [ec2Of(SourceRegion), ec2Of(held.region)])),
    ...targetKey.flatMap((key) => keyRequests(key, 'copyTo', [ec2Of(held.region)])),
  ];
};

const registerImage: Mapping<RegisterImageRequest> = ({ BlockDeviceMappings = [], TagSpecifications }, held) => [
  held.make('ec2:RegisterImage', 'image', TagSpecifications),
  ...BlockDeviceMappings.map(({ Ebs }) => held.use('ec2:RegisterImage', 'snapshot', Ebs?.SnapshotId)),
  ...held.tagging('RegisterImage', 'image', TagSpecifications),
];

const runInstances: Mapping<RunInstancesRequest> = (input, held) => {
  const action = 'ec2:RunInstances';
  const { ImageId = '', KeyName, IamInstanceProfile, TagSpecifications, NetworkInterfaces = [] } = input;
  const subnets = [input.SubnetId, ...NetworkInterfaces.map(({ SubnetId }) => SubnetId)];
  const groups = [input.SecurityGroupIds, ...NetworkInterfaces.map(({ Groups }) => Groups)];
  const snapshots = (held.state.images.get(ImageId)?.mappings ?? []).map(({ Ebs }) => Ebs?.SnapshotId);
  const reservation = input.CapacityReservationSpecification?.CapacityReservationTarget?.CapacityReservationId;
  const profile = IamInstanceProfile?.Arn?.split('/').at(-1) ?? IamInstanceProfile?.Name;
  return [
    held.use(action, 'image', ImageId),
    ...subnets.filter((id) => id !== undefined).map((id) => held.use(action, 'subnet', id)),
    ...groups.flatMap((ids) => ids ?? []).map((id) => held.use(action, 'security-group', id)),
    ...snapshots.map((id) => held.use(action, 'snapshot', id)),
    ...(KeyName === undefined ? [] : [held.use(action, 'key-pair', KeyName)]),
    ...(reservation === undefined ? [] : [held.use(action, 'capacity-reservation', reservation)]),
    held.make(action, 'instance', TagSpecifications),
    held.make(action, 'volume', TagSpecifications),
    held.make(action, 'network-interface', TagSpecifications),
    ...['instance', 'volume', 'network-interface'].flatMap((type) =>
      held.tagging('RunInstances', type, TagSpecifications),
    ),
    ...(profile === undefined ? [] : [passRole(profile, held)]),
    ...keys(held, snapshots, 'make'),
  ];
};

/** The role inside a profile has the profile's name here, as the console gives it. */
function passRole(profile: string, held: Held): IamRequest {
  const context = {
    'iam:PassedToService': 'ec2.amazonaws.com',
    'iam:AssociatedResourceArn': held.arn('instance', 'new'),
  };
  return { action: 'iam:PassRole', resource: held.roleArn(profile), context };
}

const createVolume: Mapping<CreateVolumeRequest> = ({ SnapshotId, TagSpecifications }, held) => [
  held.make('ec2:CreateVolume', 'volume', TagSpecifications),
  held.use('ec2:CreateVolume', 'snapshot', SnapshotId),
  ...held.tagging('CreateVolume', 'volume', TagSpecifications),
  ...keys(held, [SnapshotId], 'make'),
];

const attachVolume: Mapping<AttachVolumeRequest> = ({ VolumeId, InstanceId }, held) => [
  held.use('ec2:AttachVolume', 'volume', VolumeId),
  held.use('ec2:AttachVolume', 'instance', InstanceId),
  ...keys(held, [VolumeId], 'attach'),
];

const detachVolume: Mapping<DetachVolumeRequest> = ({ VolumeId, InstanceId }, held) => [
  held.use('ec2:DetachVolume', 'volume', VolumeId),
  held.use('ec2:DetachVolume', 'instance', InstanceId),
];

const startInstances: Mapping<{ InstanceIds?: string[] }> = (input, held) => [
  ...instances('ec2:StartInstances')(input, held),
  ...keys(held, held.volumesOf(input.InstanceIds ?? []), 'attach'),
];

const modifyInstanceAttribute: Mapping<ModifyInstanceAttributeRequest> = (input, held) => {
  const { InstanceId = '', BlockDeviceMappings = [] } = input;
  const devices = BlockDeviceMappings.map(({ DeviceName }) => DeviceName);
  const volumes = held.state.volumesOf(InstanceId).filter(({ attachment }) => devices.includes(attachment?.device));
  return [
    held.use('ec2:ModifyInstanceAttribute', 'instance', InstanceId),
    ...volumes.map(({ id }) => held.use('ec2:ModifyInstanceAttribute', 'volume', id)),
  ];
};

/** New groups are asked of the interface, of the instance that has it, and of each group. */
const modifyInterface: Mapping<ModifyNetworkInterfaceAttributeRequest> = ({ NetworkInterfaceId, Groups }, held) => {
  const action = 'ec2:ModifyNetworkInterfaceAttribute';
  const { context, ...used } = held.use(action, 'network-interface', NetworkInterfaceId);
  if (Groups === undefined) return [{ context, ...used }];
  const at = held.state.allInterfaces().find(({ id }) => id === NetworkInterfaceId);
  const instance = at === undefined ? undefined : held.state.instanceOf(at)?.id;
  return [
    { ...used, context: { ...context, 'ec2:Subnet': held.arn('subnet', at?.subnetId ?? '') } },
    held.use(action, 'instance', instance),
    ...Groups.map((id) => held.use(action, 'security-group', id)),
  ];
};

/** Asked of the instance as well as of its interface, whichever of them the call names. */
const associateAddress: Mapping<AssociateAddressRequest> = (input, held) => {
  const { AllocationId, InstanceId, NetworkInterfaceId } = input;
  const instance = [...held.state.instances.values()].find(
    ({ id, interfaces }) => id === InstanceId || interfaces.some((each) => each.id === NetworkInterfaceId),
  );
  return [
    held.use('ec2:AssociateAddress', 'elastic-ip', AllocationId),
    held.use('ec2:AssociateAddress', 'instance', InstanceId ?? instance?.id),
    held.use('ec2:AssociateAddress', 'network-interface', NetworkInterfaceId ?? instance?.interfaces[0].id),
  ];
};

/**
 * Ends something. What is gone already, because the answer of an earlier call was lost, carries no tags to be asked about: AWS is
 * taken to answer that it is not found.
 */
const ending =
  (action: string, type: string) =>
  (id: string | undefined, held: Held): IamRequest[] | undefined =>
    held.state.tagged(id ?? '') === undefined ? undefined : [held.use(action, type, id)];
const deleteSnapshot = ending('ec2:DeleteSnapshot', 'snapshot');
const deleteVolume = ending('ec2:DeleteVolume', 'volume');
const deregisterImage = ending('ec2:DeregisterImage', 'image');

const typeOfPrefix: Readonly<Record<string, string>> = { vol: 'volume', snap: 'snapshot', i: 'instance', ami: 'image' };

/** Tags for what exists: no `ec2:CreateAction`. */
const createTags: Mapping<CreateTagsRequest> = ({ Resources = [], Tags = [] }, held) =>
  Resources.map((id) => {
    const { context, ...used } = held.use('ec2:CreateTags', typeOfPrefix[id.split('-')[0] ?? ''] ?? '', id);
    return { ...used, context: { ...context, ...requestTags(Tags) } };
  });

/** AWS tells IAM for how long. @source aws-facts [1.11] */
const lockSnapshot: Mapping<LockSnapshotRequest> = ({ SnapshotId, LockDuration }, held) => {
  const { context, ...used } = held.use('ec2:LockSnapshot', 'snapshot', SnapshotId);
  return [{ ...used, context: { ...context, 'ec2:SnapshotLockDuration': String(LockDuration) } }];
};

/** By operation. A describing operation asks about no resource; that it is asked about at all is added for each. */
export const ec2Mappings: Readonly<Record<string, (input: never, held: Held) => IamRequest[] | undefined>> = {
  AssociateAddress: associateAddress,
  AttachVolume: attachVolume,
  CopySnapshot: copySnapshot,
  CreateSnapshots: createSnapshots,
  CreateTags: createTags,
  CreateVolume: createVolume,
  DeleteSnapshot: ({ SnapshotId }: DeleteSnapshotRequest, held) => deleteSnapshot(SnapshotId, held),
  DeleteVolume: ({ VolumeId }: DeleteVolumeRequest, held) => deleteVolume(VolumeId, held),
  DeregisterImage: ({ ImageId }: DeregisterImageRequest, held) => deregisterImage(ImageId, held),
  DescribeAddresses: describing,
  DescribeCapacityReservations: describing,
  DescribeImages: describing,
  DescribeInstanceAttribute: ({ InstanceId }: DescribeInstanceAttributeRequest, held) => [
    held.use('ec2:DescribeInstanceAttribute', 'instance', InstanceId),
  ],
  DescribeInstanceCreditSpecifications: describing,
  GetInstanceUefiData: ({ InstanceId }: GetInstanceUefiDataRequest, held) => [
    held.use('ec2:GetInstanceUefiData', 'instance', InstanceId),
  ],
  DescribeInstances: describing,
  DescribeInstanceTypes: describing,
  DescribeInstanceTypeOfferings: describing,
  DescribeKeyPairs: describing,
  GetEbsEncryptionByDefault: describing,
  DescribeInstanceStatus: describing,
  DescribeLockedSnapshots: describing,
  DescribeSecurityGroups: describing,
  DescribeSnapshots: describing,
  DescribeSubnets: describing,
  DescribeVolumes: describing,
  DetachVolume: detachVolume,
  LockSnapshot: lockSnapshot,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  ModifyNetworkInterfaceAttribute: modifyInterface,
  RegisterImage: registerImage,
  RunInstances: runInstances,
  StartInstances: startInstances,
  StopInstances: instances('ec2:StopInstances'),
  TerminateInstances: instances('ec2:TerminateInstances'),
};
