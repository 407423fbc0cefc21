import type { Instance } from '@aws-sdk/client-ec2';
import { bootModeOf } from './boot.ts';
import { describeOptions } from './instance-options.ts';
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
    SourceDestCheck: instance.sourceDestCheck,
    ProductCodes: [],
    ...describeOptions(instance.options),
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

function attached(state: Ec2State, instance: InstanceRecord): Partial<Instance> {
  const groups = groupsOf(state, instance.securityGroups);
  const vpcId = state.subnets.get(instance.subnetId)?.vpcId;
  const { private: secondary, ipv6 } = instance.moreAddresses;
  return {
    SubnetId: instance.subnetId,
    VpcId: vpcId,
    PrivateIpAddress: instance.privateIp,
    PublicIpAddress: instance.publicIp,
    SecurityGroups: groups,
    NetworkInterfaces: [
      {
        NetworkInterfaceId: instance.interfaceId,
        SubnetId: instance.subnetId,
        VpcId: vpcId,
        PrivateIpAddress: instance.privateIp,
        PrivateIpAddresses: [
          { PrivateIpAddress: instance.privateIp, Primary: true },
          ...secondary.map((address) => ({ PrivateIpAddress: address, Primary: false })),
        ],
        Ipv6Addresses: ipv6.map((address) => ({ Ipv6Address: address })),
        Groups: groups,
        SourceDestCheck: instance.sourceDestCheck,
        InterfaceType: 'interface',
        Status: 'in-use',
        Attachment: { DeviceIndex: 0, DeleteOnTermination: true, Status: 'attached' },
      },
      ...instance.moreInterfaces.map((more) => ({
        NetworkInterfaceId: more.id,
        SubnetId: more.subnetId,
        VpcId: state.subnets.get(more.subnetId)?.vpcId,
        PrivateIpAddress: more.privateIp,
        PrivateIpAddresses: [{ PrivateIpAddress: more.privateIp, Primary: true }],
        Ipv6Addresses: [],
        Groups: groupsOf(state, more.securityGroups),
        SourceDestCheck: true,
        InterfaceType: 'interface',
        Status: 'in-use' as const,
        Attachment: { DeviceIndex: more.deviceIndex, DeleteOnTermination: false, Status: 'attached' as const },
      })),
    ],
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

function groupsOf(state: Ec2State, ids: readonly string[]) {
  return ids.map((id) => ({ GroupId: id, GroupName: state.securityGroups.get(id)?.name ?? id }));
}

function profileOf(state: Ec2State, { request: { IamInstanceProfile } }: InstanceRecord) {
  if (IamInstanceProfile === undefined) return undefined;
  const { Arn, Name = '' } = IamInstanceProfile;
  return { Arn: Arn ?? `arn:aws:iam::${state.account}:instance-profile/${Name}` };
}
