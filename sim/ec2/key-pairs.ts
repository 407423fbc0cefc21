import type { DescribeKeyPairsRequest, DescribeKeyPairsResult } from '@aws-sdk/client-ec2';
import { ec2Operation } from './ec2-operation.ts';
import { found, select } from './errors.ts';
import { applyFilters } from './filters.ts';
import type { KeyPairRecord } from './records.ts';
import type { Ec2State } from './state.ts';

const unknownKeyPair = 'InvalidKeyPair.NotFound';

/** The whole list at once: AWS cuts it into no pages. @source EC2 API reference, DescribeKeyPairs */
function describeKeyPairs(state: Ec2State, input: DescribeKeyPairsRequest): DescribeKeyPairsResult {
  const asked = select(state.keyPairs, input.KeyNames, unknownKeyPair, 'key pair');
  const kept = applyFilters('DescribeKeyPairs', asked, input.Filters, {
    'key-pair-id': ({ id }) => id,
    'key-name': ({ name }) => name,
  });
  return { KeyPairs: kept.map(({ id, name, tags }) => ({ KeyPairId: id, KeyName: name, KeyType: 'rsa', Tags: tags })) };
}

/** @throws AwsError InvalidKeyPair.NotFound */
export function knownKeyPair(state: Ec2State, name: string): KeyPairRecord {
  return found(state.keyPairs, name, unknownKeyPair, 'key pair');
}

export const keyPairOperations = {
  DescribeKeyPairs: ec2Operation<DescribeKeyPairsRequest, DescribeKeyPairsResult>(
    ['KeyNames', 'Filters'],
    describeKeyPairs,
  ),
};
