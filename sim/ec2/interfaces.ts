import type {
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  InstanceNetworkInterface,
  ModifyNetworkInterfaceAttributeRequest,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, missing, select } from './errors.ts';
import { applyFilters } from './filters.ts';
import type { InstanceRecord, InterfaceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

const unknownInterface = ['InvalidNetworkInterfaceID.NotFound', 'network interface ID'] as const;

export function foundInterface(state: Ec2State, id: string | undefined): InterfaceRecord {
  return found(new Map(state.allInterfaces().map((each) => [each.id, each])), id, ...unknownInterface);
}

/** What is asked of an instance and meant for its only interface. @source hashicorp/terraform-provider-aws, aws_instance */
export function severalInterfaces({ id }: InstanceRecord): AwsError {
  return new AwsError(
    'InvalidInstanceID',
    `There are multiple interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`,
  );
}

export function groupsOf(state: Ec2State, ids: readonly string[]) {
  return ids.map((id) => ({ GroupId: id, GroupName: state.securityGroups.get(id)?.name ?? id }));
}

/** Whether a connection may begin through it. Rules of a group are not modelled: it has some, or none. */
export function isOpen(state: Ec2State, { securityGroups }: InterfaceRecord): boolean {
  return securityGroups.length === 0 || securityGroups.some((id) => state.securityGroups.get(id)?.isClosed !== true);
}

/** Whose a public address is: AWS's own, or elastic and of the account. */
function associationOf(state: Ec2State, { id, publicIp }: InterfaceRecord) {
  if (publicIp === undefined) return {};
  const elastic = [...state.addresses.values()].find(({ interfaceId }) => interfaceId === id);
  return { Association: { PublicIp: publicIp, IpOwnerId: elastic === undefined ? 'amazon' : state.account } };
}

function described(state: Ec2State, each: InterfaceRecord) {
  const { moreAddresses } = each;
  return {
    NetworkInterfaceId: each.id,
    Description: each.description,
    SubnetId: each.subnetId,
    VpcId: state.subnets.get(each.subnetId)?.vpcId,
    OwnerId: state.account,
    PrivateIpAddress: each.privateIp,
    PrivateIpAddresses: [
      { PrivateIpAddress: each.privateIp, Primary: true },
      ...moreAddresses.private.map((address) => ({ PrivateIpAddress: address, Primary: false })),
    ],
    Ipv6Addresses: moreAddresses.ipv6.map((address) => ({ Ipv6Address: address })),
    Groups: groupsOf(state, each.securityGroups),
    SourceDestCheck: each.sourceDestCheck,
    ...associationOf(state, each),
  };
}

function attachmentOf({ deviceIndex, networkCard, deleteOnTermination }: InterfaceRecord) {
  return {
    DeviceIndex: deviceIndex,
    NetworkCardIndex: networkCard,
    DeleteOnTermination: deleteOnTermination,
    Status: 'attached' as const,
  };
}

/** An interface among those of its instance; its tags are told by DescribeNetworkInterfaces only. */
export function attachedInterface(state: Ec2State, each: InterfaceRecord): InstanceNetworkInterface {
  return {
    ...described(state, each),
    InterfaceType: each.type,
    Status: 'in-use',
    Attachment: attachmentOf(each),
  };
}

function describeInterfaces(state: Ec2State, input: DescribeNetworkInterfacesRequest): DescribeNetworkInterfacesResult {
  const visible = state.visible(new Map(state.allInterfaces().map((each) => [each.id, each])));
  const asked = select(visible, input.NetworkInterfaceIds, ...unknownInterface);
  const kept = applyFilters('DescribeNetworkInterfaces', asked, input.Filters, {
    'network-interface-id': ({ id }) => id,
    'attachment.instance-id': (each) => state.instanceOf(each)?.id,
    'subnet-id': ({ subnetId }) => subnetId,
    status: (each) => (state.instanceOf(each) === undefined ? 'available' : 'in-use'),
  });
  const { page, ...next } = state.pages.cut(kept, input);
  const interfaces = page.map((each): NetworkInterface => {
    const instance = state.instanceOf(each);
    return {
      ...described(state, each),
      InterfaceType: each.type as NonNullable<NetworkInterface['InterfaceType']>,
      AvailabilityZone: state.subnets.get(each.subnetId)?.zone,
      TagSet: each.tags,
      ...(instance === undefined
        ? { Status: 'available' }
        : { Status: 'in-use', Attachment: { ...attachmentOf(each), InstanceId: instance.id } }),
    };
  });
  return { NetworkInterfaces: interfaces, ...next };
}

/** Unless AWS raises it. @source VPC guide, quotas */
const groupsMax = 5;

/** The new groups are in the place of all old ones, at once; what is tracked of the old ones goes on. @source aws-facts [4.1]; EC2 guide, connection tracking */
function setGroups(state: Ec2State, each: InterfaceRecord, groups: readonly string[]): void {
  if (groups.length === 0) throw missing('SecurityGroupId');
  if (new Set(groups).size > groupsMax)
    throw new AwsError('SecurityGroupsPerInterfaceLimitExceeded', `An interface has ${groupsMax} groups at most.`);
  refuseOtherNetworks(state, each.subnetId, groups);
  each.securityGroups = [...new Set(groups)];
}

/** @throws AwsError for groups of another VPC than the subnet's */
export function refuseOtherNetworks(state: Ec2State, subnetId: string, groups: readonly string[]): void {
  for (const id of groups) {
    const group = found(state.securityGroups, id, 'InvalidGroup.NotFound', 'security group');
    if (group.vpcId !== state.subnets.get(subnetId)?.vpcId)
      throw new AwsError(
        'InvalidParameter',
        `Security group ${id} and subnet ${subnetId} belong to different networks.`,
      );
  }
}

/** @source aws-facts [3.7], EC2 API reference, ModifyNetworkInterfaceAttribute: one attribute a call */
function modifyInterface(state: Ec2State, input: ModifyNetworkInterfaceAttributeRequest): object {
  const { NetworkInterfaceId, Groups, SourceDestCheck } = input;
  const each = foundInterface(state, NetworkInterfaceId);
  if (Groups !== undefined && SourceDestCheck !== undefined)
    throw new AwsError('InvalidParameterCombination', 'Specify exactly one attribute.');
  if (Groups !== undefined) setGroups(state, each, Groups);
  else if (SourceDestCheck?.Value === undefined) throw missing('SourceDestCheck');
  else each.sourceDestCheck = SourceDestCheck.Value;
  return {};
}

export const interfaceOperations = {
  DescribeNetworkInterfaces: ec2Operation<DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult>(
    ['NetworkInterfaceIds', 'Filters', 'MaxResults', 'NextToken'],
    describeInterfaces,
  ),
  ModifyNetworkInterfaceAttribute: ec2Operation<ModifyNetworkInterfaceAttributeRequest, object>(
    ['NetworkInterfaceId', 'Groups', 'SourceDestCheck'],
    modifyInterface,
  ),
};
