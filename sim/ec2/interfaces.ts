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

/** @source aws-facts [3.7], EC2 API reference, ModifyNetworkInterfaceAttribute: one attribute a call */
function modifyInterface(state: Ec2State, input: ModifyNetworkInterfaceAttributeRequest): object {
  const each = foundInterface(state, input.NetworkInterfaceId);
  if (input.SourceDestCheck?.Value === undefined) throw missing('SourceDestCheck');
  each.sourceDestCheck = input.SourceDestCheck.Value;
  return {};
}

export const interfaceOperations = {
  DescribeNetworkInterfaces: ec2Operation<DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult>(
    ['NetworkInterfaceIds', 'Filters', 'MaxResults', 'NextToken'],
    describeInterfaces,
  ),
  ModifyNetworkInterfaceAttribute: ec2Operation<ModifyNetworkInterfaceAttributeRequest, object>(
    ['NetworkInterfaceId', 'SourceDestCheck'],
    modifyInterface,
  ),
};
