import { DescribeKeyPairsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { awsCall } from './call.ts';
import { inFilters } from './filters.ts';

/** Those of the names that are names of key pairs of the Region. A filter leaves out what there is not, where a list of names is refused. */
export async function existingKeyPairs(ec2: EC2Client, names: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const some of inFilters(names)) {
    const filters = [{ Name: 'key-name', Values: some }];
    const answer = await awsCall('describe key pairs', () =>
      ec2.send(new DescribeKeyPairsCommand({ Filters: filters })),
    );
    for (const { KeyName = '' } of answer.KeyPairs ?? []) found.add(KeyName);
  }
  return found;
}
