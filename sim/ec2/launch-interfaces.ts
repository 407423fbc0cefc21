import type { InstanceNetworkInterfaceSpecification, RunInstancesRequest, Tag } from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { found, invalid, missing, refuseOthers } from './errors.ts';
import { refuseOtherNetworks } from './interfaces.ts';
import type { InterfaceWish } from './make-interfaces.ts';
import { freeAddresses } from './network.ts';
import type { SubnetRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** Members of RunInstances that the network of an instance comes from. */
export const networkMembers = [
  'SubnetId',
  'SecurityGroupIds',
  'NetworkInterfaces',
] as const satisfies readonly (keyof RunInstancesRequest)[];

type NetworkRequest = Pick<RunInstancesRequest, (typeof networkMembers)[number]>;

/** The network that a launch asks for. */
export interface LaunchNetwork {
  readonly zone: string;
  readonly wishes: readonly Omit<InterfaceWish, 'tags'>[];
  /** Whether AWS gives a public address to an instance with one interface. */
  readonly wantsPublicIp: boolean;
}

/** @throws AwsError for what AWS refuses of subnets and interfaces, before anything is made */
export function networkOf(state: Ec2State, input: NetworkRequest): LaunchNetwork {
  const { SubnetId, SecurityGroupIds: securityGroups = [], NetworkInterfaces: specified } = input;
  if (specified !== undefined && specified.length > 0) return specifiedNetwork(state, input, specified);
  if (SubnetId === undefined) throw new NotModelled('RunInstances without SubnetId');
  const subnet = subnetOf(state, SubnetId);
  refuseOtherNetworks(state, subnet.id, securityGroups);
  const only = { deviceIndex: 0, subnet, securityGroups, deleteOnTermination: true };
  return { zone: subnet.zone, wishes: [only], wantsPublicIp: subnet.assignsPublicIp };
}

function subnetOf(state: Ec2State, id: string | undefined): SubnetRecord {
  return found(state.subnets, id, 'InvalidSubnetID.NotFound', 'subnet ID');
}

function combination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message);
}

/**
 * What is said of the instance and what is said of its interfaces exclude each other. @source aws-facts [3.3], aws/aws-cli issues 518
 * and 809. One zone and one VPC. @source EC2 guide, elastic network interfaces; EC2 API reference, RunInstances; the codes of the
 * refusals are assumed
 */
function specifiedNetwork(
  state: Ec2State,
  input: NetworkRequest,
  specified: readonly InstanceNetworkInterfaceSpecification[],
): LaunchNetwork {
  const may = 'may not be specified on the same request';
  if (input.SubnetId !== undefined) throw combination(`Network interfaces and an instance-level subnet ID ${may}`);
  if (input.SecurityGroupIds !== undefined && input.SecurityGroupIds.length > 0)
    throw combination(`Network interfaces and an instance-level security groups ${may}`);
  const indexes = specified.map(({ DeviceIndex }) => DeviceIndex);
  if (indexes.includes(undefined)) throw missing('NetworkInterface.DeviceIndex');
  if (new Set(indexes).size < indexes.length) throw invalid('Each network interface requires a unique device index.');
  if (!indexes.includes(0)) throw invalid('A network interface with device index 0 is needed.');
  if (indexes.some((index) => index === undefined || index < 0)) throw invalid('A device index is 0 or more.');
  const wishes = specified.map((each) => wishOf(state, each));
  const zones = new Set(wishes.map(({ subnet }) => subnet.zone));
  if (zones.size > 1) throw combination(`The network interfaces are in several zones: ${[...zones].join(', ')}.`);
  const networks = new Set(wishes.map(({ subnet }) => subnet.vpcId));
  if (networks.size > 1) throw combination(`The network interfaces are in several VPCs: ${[...networks].join(', ')}.`);
  const [zone = ''] = zones;
  return { zone, wishes, wantsPublicIp: publicIpOf(specified, wishes) };
}

/** What is created and attached by the API outlives the instance unless told otherwise. @source EC2 guide, elastic network interfaces */
function wishOf(state: Ec2State, specified: InstanceNetworkInterfaceSpecification): Omit<InterfaceWish, 'tags'> {
  refuseOthers('NetworkInterfaces', specified, [
    'DeviceIndex',
    'SubnetId',
    'Groups',
    'Description',
    'DeleteOnTermination',
    'AssociatePublicIpAddress',
  ]);
  const { DeviceIndex: deviceIndex = 0, SubnetId, Groups: securityGroups = [], Description: description } = specified;
  if (SubnetId === undefined) throw new NotModelled('NetworkInterfaces without SubnetId');
  if (description !== undefined && description.length > 255) throw invalid('A description has 255 characters at most.');
  const subnet = subnetOf(state, SubnetId);
  refuseOtherNetworks(state, subnet.id, securityGroups);
  const { DeleteOnTermination: deleteOnTermination = false } = specified;
  return { deviceIndex, subnet, securityGroups, description, deleteOnTermination };
}

/** @source EC2 API reference, InstanceNetworkInterfaceSpecification; the message erlcloud/erlcloud pull request 284 */
function publicIpOf(
  specified: readonly InstanceNetworkInterfaceSpecification[],
  wishes: LaunchNetwork['wishes'],
): boolean {
  const [asked] = specified.flatMap(({ AssociatePublicIpAddress }) => AssociatePublicIpAddress ?? []);
  if (asked !== undefined && specified.length > 1)
    throw combination(
      'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces',
    );
  const first = wishes.find(({ deviceIndex }) => deviceIndex === 0);
  return asked ?? first?.subnet.assignsPublicIp ?? false;
}

/** How many of `count` instances the subnets have addresses for. @throws AwsError when they have not for `least` */
export function countThatFits(
  state: Ec2State,
  { wishes }: LaunchNetwork,
  { least, count }: { readonly least: number; readonly count: number },
): number {
  const bySubnet = Map.groupBy(wishes, ({ subnet }) => subnet);
  const fits = [...bySubnet].map(([subnet, { length }]) => ({
    subnet,
    instances: Math.floor(freeAddresses(state, subnet) / length),
  }));
  const short = fits.find(({ instances }) => instances < least);
  if (short !== undefined)
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      `Not enough free addresses in subnet '${short.subnet.id}'.`,
    );
  return Math.min(count, ...fits.map(({ instances }) => instances));
}

/** The interfaces of one of the instances, with the tags that the launch gives to interfaces. */
export function wishesOf({ wishes }: LaunchNetwork, tags: readonly Tag[]): InterfaceWish[] {
  return wishes.map((wish) => ({ ...wish, tags }));
}
