import type {
  GetEbsDefaultKmsKeyIdRequest,
  GetEbsDefaultKmsKeyIdResult,
  GetEbsEncryptionByDefaultRequest,
  GetEbsEncryptionByDefaultResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import type { Encryption } from './records.ts';
import type { Ec2State } from './state.ts';

interface EncryptionRequest {
  readonly Encrypted?: boolean | undefined;
  readonly KmsKeyId?: string | undefined;
}

/**
 * Encryption of something made from `source`. The same key goes on with the data key, so the lineage holds; another key, or
 * encryption where there was none, makes a new data key.
 * @source aws-facts [1.4], [1.6]
 */
export function encryptionFrom(
  state: Ec2State,
  source: Encryption | undefined,
  { Encrypted, KmsKeyId }: EncryptionRequest,
): Encryption | undefined {
  if (KmsKeyId !== undefined && Encrypted !== true) {
    throw new AwsError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  if (source !== undefined && Encrypted === false) {
    throw new AwsError('InvalidParameterCombination', 'What is made from an encrypted snapshot is always encrypted.');
  }
  if (source !== undefined) {
    const isSameKey = KmsKeyId === undefined || state.keys.resolve(KmsKeyId) === source.keyArn;
    return isSameKey ? source : state.keys.encrypt(KmsKeyId);
  }
  return Encrypted === true || state.keys.isEncryptionDefault ? state.keys.encrypt(KmsKeyId) : undefined;
}

export const encryptionOperations = {
  GetEbsEncryptionByDefault: ec2Operation<GetEbsEncryptionByDefaultRequest, GetEbsEncryptionByDefaultResult>(
    [],
    (state) => ({ EbsEncryptionByDefault: state.keys.isEncryptionDefault }),
  ),
  GetEbsDefaultKmsKeyId: ec2Operation<GetEbsDefaultKmsKeyIdRequest, GetEbsDefaultKmsKeyIdResult>([], (state) => ({
    KmsKeyId: state.keys.defaultArn,
  })),
};
