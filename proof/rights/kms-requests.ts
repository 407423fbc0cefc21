import type { IamRequest } from './request.ts';

/** What EBS does with a key on the caller's behalf, by what it is used for. @source aws-facts [8.3] */
const actionsFor = {
  /** Volumes and snapshots under the key are made. */
  make: ['CreateGrant', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'],
  /** A copy is read under its source's key. */
  copyFrom: ['CreateGrant', 'Decrypt', 'DescribeKey', 'ReEncryptFrom'],
  /** A copy is written under the key of its Region. */
  copyTo: [
    'CreateGrant',
    'Decrypt',
    'DescribeKey',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptTo',
  ],
  /** A volume is brought to an instance that starts. @source AWS re:Post, kms-iam-ec2-permission: a grant is all it takes */
  attach: ['CreateGrant'],
  /** Blocks are listed, read or written. */
  direct: [
    'CreateGrant',
    'Decrypt',
    'DescribeKey',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
  ],
} as const;
export type KeyUse = keyof typeof actionsFor;

/**
 * Requests to KMS for one use of a key. `via` lists the services through which they may come, as `kms:ViaService` names them;
 * `undefined` is a request that names none. Each must be allowed where it is not known which AWS makes.
 */
export function keyRequests(keyArn: string, use: KeyUse, via: readonly (string | undefined)[]): IamRequest[] {
  const account = keyArn.split(':')[4] ?? '';
  return actionsFor[use].flatMap((action) =>
    via.map((service) => ({
      action: `kms:${action}`,
      resource: keyArn,
      context: {
        'kms:CallerAccount': account,
        ...(service === undefined ? {} : { 'kms:ViaService': service }),
        ...(action === 'CreateGrant' ? { 'kms:GrantIsForAWSResource': 'true' } : {}),
      },
    })),
  );
}

/** EC2 of a Region as `kms:ViaService` names it. */
export function ec2Of(region: string): string {
  return `ec2.${region}.amazonaws.com`;
}
