import type { Instance } from '@aws-sdk/client-ec2';
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
    Placement: { AvailabilityZone: instance.zone, Tenancy: 'default' },
    Architecture: instance.architecture as NonNullable<Instance['Architecture']>,
    VirtualizationType: instance.virtualization as NonNullable<Instance['VirtualizationType']>,
    Hypervisor: 'xen',
    RootDeviceName: instance.rootDevice,
    RootDeviceType: 'ebs',
    HibernationOptions: { Configured: false },
    BootMode: instance.image.bootMode as Instance['BootMode'],
    CurrentInstanceBootMode: instance.image.bootMode === 'uefi' ? 'uefi' : 'legacy-bios',
    TpmSupport: instance.image.tpmSupport,
    EnaSupport: instance.enaSupport,
    EbsOptimized: instance.request.EbsOptimized ?? false,
    KeyName: instance.request.KeyName,
    IamInstanceProfile: profileOf(state, instance),
    MetadataOptions: { State: 'applied', HttpTokens: instance.request.MetadataOptions?.HttpTokens ?? 'optional' },
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    Monitoring: { State: 'disabled' },
    SourceDestCheck: true,
    ProductCodes: [],
    ...instance.purchase,
    ...(isGone ? { BlockDeviceMappings: [], SecurityGroups: [], NetworkInterfaces: [] } : attached(state, instance)),
    Tags: instance.tags,
  };
}

function attached(state: Ec2State, instance: InstanceRecord): Partial<Instance> {
  const groups = instance.securityGroups.map((id) => ({
    GroupId: id,
    GroupName: state.securityGroups.get(id)?.name ?? id,
  }));
  const vpcId = state.subnets.get(instance.subnetId)?.vpcId;
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
        Groups: groups,
        Status: 'in-use',
        Attachment: { DeviceIndex: 0, DeleteOnTermination: true, Status: 'attached' },
      },
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

function profileOf(state: Ec2State, { request: { IamInstanceProfile } }: InstanceRecord) {
  if (IamInstanceProfile === undefined) return undefined;
  const { Arn, Name = '' } = IamInstanceProfile;
  return { Arn: Arn ?? `arn:aws:iam::${state.account}:instance-profile/${Name}` };
}
