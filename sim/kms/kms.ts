import type { DescribeKeyRequest, DescribeKeyResponse } from '@aws-sdk/client-kms';
import type { KeyRecord } from '../ec2/keys.ts';
import { AwsError, type Operation, operation, type Service, type Surroundings } from '../service.ts';

declare module '../cloud.ts' {
  interface Services {
    kms: Kms;
  }
}

/** The simulated KMS of one Region: looking at the keys, which EBS uses by itself. */
export class Kms implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      DescribeKey: operation<DescribeKeyRequest, DescribeKeyResponse>(['KeyId'], ({ KeyId = '' }) => ({
        KeyMetadata: describe(this.#find(KeyId)),
      })),
    };
  }

  /** A key of another Region is none of this one. @source KMS API reference, DescribeKey */
  #find(id: string): KeyRecord {
    const { cloud, region } = this.#surroundings;
    const { keys } = cloud.services(region).ec2.state;
    const key = keys.get(keys.resolve(id));
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${id}' does not exist`);
    return key;
  }
}

function describe({ arn, state, spec }: KeyRecord): DescribeKeyResponse['KeyMetadata'] {
  const KeyUsage = (
    { SYMMETRIC_DEFAULT: 'ENCRYPT_DECRYPT', RSA_4096: 'SIGN_VERIFY', HMAC_256: 'GENERATE_VERIFY_MAC' } as const
  )[spec];
  return {
    ...{ KeyId: arn.slice(arn.lastIndexOf('/') + 1), Arn: arn, AWSAccountId: arn.split(':')[4] },
    ...{ Enabled: state === 'Enabled', KeyState: state, KeySpec: spec, KeyUsage, KeyManager: 'CUSTOMER' },
  };
}
