import {
  DescribeAddressesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import type { IsolationGroup } from '../domain/fence.ts';
import type { Surroundings } from '../domain/launch-network.ts';
import { AwsFailure, awsCall, type Patience } from './call.ts';

/** Those of the subnets that exist. */
export async function describeSubnets(ec2: EC2Client, ids: readonly string[]): Promise<Surroundings['subnets']> {
  return existing(ids, async (known) => {
    const answer = await awsCall('describe subnets', () => ec2.send(new DescribeSubnetsCommand({ SubnetIds: known })));
    return (answer.Subnets ?? []).map((subnet) => ({
      id: subnet.SubnetId ?? '',
      zone: subnet.AvailabilityZone ?? '',
      vpc: subnet.VpcId ?? '',
      freeAddresses: subnet.AvailableIpAddressCount ?? 0,
    }));
  });
}

/** Those of the security groups that exist. */
export async function describeSecurityGroups(ec2: EC2Client, ids: readonly string[]): Promise<Surroundings['groups']> {
  return existing(ids, async (known) => {
    const answer = await awsCall('describe security groups', () =>
      ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: known })),
    );
    return (answer.SecurityGroups ?? []).map(({ GroupId, VpcId }) => ({ id: GroupId ?? '', vpc: VpcId ?? '' }));
  });
}

/** Where a security group is, and whether it lets anything through; `undefined` where there is none. */
export async function findIsolationGroup(
  ec2: EC2Client,
  id: string,
  patience: Patience,
): Promise<IsolationGroup | undefined> {
  const asked = new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: [id] }] });
  const { SecurityGroups } = await awsCall(`look at ${id}`, () => ec2.send(asked, patience));
  const [group] = SecurityGroups ?? [];
  if (group === undefined) return undefined;
  const { VpcId = '', IpPermissions = [], IpPermissionsEgress = [] } = group;
  return { vpc: VpcId, hasRules: IpPermissions.length + IpPermissionsEgress.length > 0 };
}

/** What has an Elastic IP, if anything; `undefined` where there is no such allocation. */
export async function findAddress(
  ec2: EC2Client,
  allocation: string,
  patience: Patience,
): Promise<{ readonly instance?: string | undefined; readonly interface?: string | undefined } | undefined> {
  const asked = new DescribeAddressesCommand({ Filters: [{ Name: 'allocation-id', Values: [allocation] }] });
  const { Addresses } = await awsCall(`look at ${allocation}`, () => ec2.send(asked, patience));
  const [address] = Addresses ?? [];
  return address === undefined ? undefined : { instance: address.InstanceId, interface: address.NetworkInterfaceId };
}

/** One call an id: a single unknown id would refuse them all. */
async function existing<Facts>(
  ids: readonly string[],
  describe: (known: string[]) => Promise<Facts[]>,
): Promise<Facts[]> {
  const found: Facts[] = [];
  for (const id of ids) {
    try {
      found.push(...(await describe([id])));
    } catch (error) {
      if (!(error instanceof AwsFailure && /NotFound$/.test(error.awsName))) throw error;
    }
  }
  return found;
}
