import type {
  AssociateAddressRequest,
  AssociateAddressResult,
  DescribeAddressesRequest,
  DescribeAddressesResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DisassociateAddressRequest,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, missing, select } from './errors.ts';
import { applyFilters } from './filters.ts';
import { foundInterface, severalInterfaces } from './interfaces.ts';
import type { AddressRecord, SubnetRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** Addresses of a subnet that network interfaces hold. */
function heldAddresses(state: Ec2State, subnet: SubnetRecord): Set<string> {
  const there = state.allInterfaces().filter(({ subnetId }) => subnetId === subnet.id);
  return new Set(there.flatMap(({ privateIp, moreAddresses }) => [privateIp, ...moreAddresses.private]));
}

export function freeAddresses(state: Ec2State, subnet: SubnetRecord): number {
  return Math.max(0, subnet.addressesMax - heldAddresses(state, subnet).size);
}

/** The next private addresses of a subnet; AWS keeps the first four. @throws AwsError InsufficientFreeAddressesInSubnet */
export function takeAddresses(state: Ec2State, subnet: SubnetRecord, count: number): string[] {
  if (freeAddresses(state, subnet) < count)
    throw new AwsError('InsufficientFreeAddressesInSubnet', `Not enough free addresses in subnet '${subnet.id}'.`);
  const held = heldAddresses(state, subnet);
  const start = subnet.cidr.split('/')[0]?.split('.').map(Number) ?? [];
  const base = start.reduce((sum, octet) => sum * 256 + octet, 0);
  const taken: string[] = [];
  for (let offset = 4; taken.length < count; offset += 1)
    if (!held.has(dotted(base + offset))) taken.push(dotted(base + offset));
  return taken;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** A public address that no other draw of any Region gives: 198.18.0.0/15 is set aside for tests. */
export function newPublicIp(state: Ec2State): string {
  const region = [...state.region].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 128, 0);
  const used = new Set([
    ...[...state.addresses.values()].map(({ publicIp }) => publicIp),
    ...[...state.instances.values()].flatMap(({ interfaces }) => interfaces.map(({ publicIp }) => publicIp)),
  ]);
  for (;;) {
    const ip = `198.${18 + (region % 2)}.${(Math.floor(region / 2) * 4 + state.random.below(4)) % 256}.${1 + state.random.below(254)}`;
    if (!used.has(ip)) return ip;
  }
}

function describeSubnets(state: Ec2State, input: DescribeSubnetsRequest): DescribeSubnetsResult {
  const asked = select(state.subnets, input.SubnetIds, 'InvalidSubnetID.NotFound', 'subnet ID');
  const kept = applyFilters('DescribeSubnets', asked, input.Filters, {
    'subnet-id': ({ id }) => id,
    'vpc-id': ({ vpcId }) => vpcId,
    'availability-zone': ({ zone }) => zone,
    state: () => 'available',
  });
  const { page, ...next } = state.pages.cut(kept, input);
  const subnets = page.map((subnet) => ({
    SubnetId: subnet.id,
    VpcId: subnet.vpcId,
    AvailabilityZone: subnet.zone,
    CidrBlock: subnet.cidr,
    AvailableIpAddressCount: freeAddresses(state, subnet),
    MapPublicIpOnLaunch: subnet.assignsPublicIp,
    State: 'available' as const,
    OwnerId: state.account,
    Tags: subnet.tags,
  }));
  return { Subnets: subnets, ...next };
}

/** The one rule, each way, of a group that is not closed. */
const everything = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

function describeSecurityGroups(state: Ec2State, input: DescribeSecurityGroupsRequest): DescribeSecurityGroupsResult {
  const asked = select(state.securityGroups, input.GroupIds, 'InvalidGroup.NotFound', 'security group');
  const kept = applyFilters('DescribeSecurityGroups', asked, input.Filters, {
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    'vpc-id': ({ vpcId }) => vpcId,
  });
  const { page, ...next } = state.pages.cut(kept, input);
  const groups = page.map(({ id, name, vpcId, isClosed, tags }) => ({
    GroupId: id,
    GroupName: name,
    VpcId: vpcId,
    OwnerId: state.account,
    IpPermissions: isClosed ? [] : [everything],
    IpPermissionsEgress: isClosed ? [] : [everything],
    Tags: tags,
  }));
  return { SecurityGroups: groups, ...next };
}

function describeAddresses(state: Ec2State, input: DescribeAddressesRequest): DescribeAddressesResult {
  const asked = select(state.addresses, input.AllocationIds, 'InvalidAllocationID.NotFound', 'allocation ID');
  const kept = applyFilters('DescribeAddresses', asked, input.Filters, {
    'allocation-id': ({ id }) => id,
    'instance-id': ({ instanceId }) => instanceId,
    'network-interface-id': ({ interfaceId }) => interfaceId,
    'association-id': ({ associationId }) => associationId,
    'public-ip': ({ publicIp }) => publicIp,
  });
  const described = kept.map(({ id, publicIp, associationId, instanceId, interfaceId, tags }) => ({
    AllocationId: id,
    PublicIp: publicIp,
    Domain: 'vpc' as const,
    AssociationId: associationId,
    InstanceId: instanceId,
    NetworkInterfaceId: interfaceId,
    PrivateIpAddress: state.allInterfaces().find((each) => each.id === interfaceId)?.privateIp,
    Tags: tags,
  }));
  return { Addresses: described };
}

/**
 * An instance with several interfaces does not say which of them is meant. @source EC2 API reference, AssociateAddress; the error of
 * hashicorp/terraform-provider-aws, aws_instance
 */
function associateAddress(state: Ec2State, input: AssociateAddressRequest): AssociateAddressResult {
  const address = found(state.addresses, input.AllocationId, 'InvalidAllocationID.NotFound', 'allocation ID');
  const { instance, at } = interfaceMeant(state, input);
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new AwsError('IncorrectInstanceState', `The instance '${instance.id}' is not 'running' or 'stopped'.`);
  const isElsewhere = address.interfaceId !== undefined && address.interfaceId !== at.id;
  if (isElsewhere && input.AllowReassociation === false)
    throw new AwsError('Resource.AlreadyAssociated', `${address.id} is already associated.`);
  if (address.interfaceId === at.id) return { AssociationId: address.associationId };
  disassociate(state, address);
  for (const other of state.addresses.values()) if (other.interfaceId === at.id) disassociate(state, other);
  address.associationId = state.newId('eipassoc');
  address.instanceId = instance.id;
  address.interfaceId = at.id;
  at.publicIp = address.publicIp;
  return { AssociationId: address.associationId };
}

function interfaceMeant(state: Ec2State, { InstanceId, NetworkInterfaceId }: AssociateAddressRequest) {
  if (InstanceId === undefined && NetworkInterfaceId === undefined) throw missing('instanceId');
  if (InstanceId !== undefined && NetworkInterfaceId !== undefined)
    throw new AwsError('InvalidParameterCombination', 'Specify either an instance ID or a network interface ID.');
  if (NetworkInterfaceId !== undefined) {
    const at = foundInterface(state, NetworkInterfaceId);
    const instance = state.instanceOf(at);
    if (instance === undefined) throw new NotModelled('AssociateAddress to an interface without an instance');
    return { instance, at };
  }
  const instance = found(state.instances, InstanceId, 'InvalidInstanceID.NotFound', 'instance ID');
  if (instance.interfaces.length > 1) throw severalInterfaces(instance);
  return { instance, at: instance.interfaces[0] };
}

/** Takes an address off its interface. */
export function disassociate(state: Ec2State, address: AddressRecord): void {
  const at = state.allInterfaces().find(({ id }) => id === address.interfaceId);
  if (at?.publicIp === address.publicIp) at.publicIp = undefined;
  address.instanceId = undefined;
  address.interfaceId = undefined;
  address.associationId = undefined;
}

function disassociateAddress(state: Ec2State, { AssociationId }: DisassociateAddressRequest): object {
  const address = [...state.addresses.values()].find(
    ({ associationId }) => associationId !== undefined && associationId === AssociationId,
  );
  if (address === undefined)
    throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
  disassociate(state, address);
  return {};
}

export const networkOperations = {
  DescribeSubnets: ec2Operation<DescribeSubnetsRequest, DescribeSubnetsResult>(
    ['SubnetIds', 'Filters', 'MaxResults', 'NextToken'],
    describeSubnets,
  ),
  DescribeSecurityGroups: ec2Operation<DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult>(
    ['GroupIds', 'Filters', 'MaxResults', 'NextToken'],
    describeSecurityGroups,
  ),
  DescribeAddresses: ec2Operation<DescribeAddressesRequest, DescribeAddressesResult>(
    ['AllocationIds', 'Filters'],
    describeAddresses,
  ),
  AssociateAddress: ec2Operation<AssociateAddressRequest, AssociateAddressResult>(
    ['AllocationId', 'InstanceId', 'NetworkInterfaceId', 'AllowReassociation'],
    associateAddress,
  ),
  DisassociateAddress: ec2Operation<DisassociateAddressRequest, object>(['AssociationId'], disassociateAddress),
};
