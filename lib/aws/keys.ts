import { DescribeKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { KeyFacts } from '../domain/key.ts';
import { AwsFailure, awsCall, type Patience } from './call.ts';

/** What KMS tells of a key, which says nothing of who may use it. @param id ARN of a key of the client's Region, or of an alias */
export async function findKey(kms: KMSClient, id: string, patience: Patience): Promise<KeyFacts | undefined> {
  try {
    const answer = await awsCall(`look at key ${id}`, () => kms.send(new DescribeKeyCommand({ KeyId: id }), patience));
    const { Arn = id, KeyState = '', KeySpec = '', KeyUsage = '' } = answer.KeyMetadata ?? {};
    return { arn: Arn, state: KeyState, spec: KeySpec, usage: KeyUsage };
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'NotFoundException') return undefined;
    throw error;
  }
}
