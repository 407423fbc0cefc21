import type { Instance } from '@aws-sdk/client-ec2';
import { bootModeOf } from './boot.ts';
import { describeOptions } from './instance-options.ts';
import { attachedInterface, groupsOf } from './interfaces.ts';
import type { InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** @source aws-facts [3.7] */
const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

export function describeState(name: InstanceRecord['state']) {
  return { Code: stateCodes[name], Name: name };
}

/** An instance as EC2 describes it; a terminated one has no volumes and no network. */
export function describeInstance(state: Ec2State, instance: InstanceRecord): Instance {
  const isGone = instance.state === 'terminated';
  return {
    InstanceId: instance.id,
    ImageId: instance.image.id,
    InstanceType: instance.instanceType as NonNullable<Instance['InstanceType']>,
    State: describeState(instance.state),
    StateReason: instance.stateReason,
    LaunchTime: new Date(instance.launchedAt),
    Architecture: instance.architecture as NonNullable<Instance['Architecture']>,
    VirtualizationType: instance.virtualization as NonNullable<Instance['VirtualizationType']>,
    Hypervisor: 'xen',
    RootDeviceName: instance.rootDevice,
    RootDeviceType: 'ebs',
    HibernationOptions: { Configured: false },
    BootMode: instance.image.bootMode as Instance['BootMode'],
    CurrentInstanceBootMode: bootModeOf(instance),
    TpmSupport: instance.image.tpmSupport,
    EnaSupport: instance.enaSupport,
    SriovNetSupport: instance.image.sriovNetSupport,
    EbsOptimized: instance.request.EbsOptimized ?? false,
    KeyName: instance.request.KeyName,
    IamInstanceProfile: profileOf(state, instance),
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    SourceDestCheck: instance.interfaces[0].sourceDestCheck,
    ProductCodes: [],
    ...describeOptions(instance.options),
    CapacityReservationId: instance.reservedBy,
    CapacityReservationSpecification: instance.request.CapacityReservationSpecification ?? {
      CapacityReservationPreference: 'open',
    },
    ...instance.purchase,
    Placement: {
      AvailabilityZone: instance.zone,
      Tenancy: instance.options.tenancy,
      ...instance.purchase?.Placement,
    },
    ...(isGone ? { BlockDeviceMappings: [], SecurityGroups: [], NetworkInterfaces: [] } : attached(state, instance)),
    Tags: instance.tags,
  };
}

/** AWS does not say which interface comes first in the list: here it is not always the one with device index 0. */
function attached(state: Ec2State, instance: InstanceRecord): Partial<Instance> {
  const [first] = instance.interfaces;
  const inNoOrder = instance.interfaces.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return {
    SubnetId: first.subnetId,
    VpcId: state.subnets.get(first.subnetId)?.vpcId,
    PrivateIpAddress: first.privateIp,
    PublicIpAddress: first.publicIp,
    SecurityGroups: groupsOf(state, first.securityGroups),
    NetworkInterfaces: inNoOrder.map((each) => attachedInterface(state, each)),
    BlockDeviceMappings: state.volumesOf(instance.id).map(({ id, attachment }) => ({
      DeviceName: attachment?.device,
      Ebs: {
        VolumeId: id,
        Status: attachment?.state,
        DeleteOnTermination: attachment?.deleteOnTermination,
        AttachTime: new Date(attachment?.attachedAt ?? 0),
      },
    })),
  };
}

function profileOf(state: Ec2State, { request: { IamInstanceProfile } }: InstanceRecord) {
  if (IamInstanceProfile === undefined) return undefined;
  const { Arn, Name = '' } = IamInstanceProfile;
  return { Arn: Arn ?? `arn:aws:iam::${state.account}:instance-profile/${Name}` };
}
