import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Surroundings } from '../domain/launch-network.ts';
import { AwsFailure, awsCall } from './call.ts';

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
