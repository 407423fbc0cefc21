import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Evidence, evidenceKey } from '../domain/evidence.ts';
import type { Operation } from '../domain/catalogue.ts';
import { AwsFailure, awsCall } from './call.ts';

type Place = Pick<Operation, 'plan' | 'id' | 'startedAt'>;

/** Writes the evidence of an operation; what was there before becomes an older version of the object. @source S3 API reference, PutObject */
export async function putEvidence(s3: S3Client, bucket: string, operation: Place, evidence: Evidence): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: evidenceKey(operation),
    Body: `${JSON.stringify(evidence, null, 2)}\n`,
    ContentType: 'application/json',
  });
  await awsCall(`write s3://${bucket}/${evidenceKey(operation)}`, () => s3.send(put));
}

/** The evidence of an operation as it is written; `undefined` where it is not, or no longer. @source S3 API reference, GetObject */
export async function readEvidence(s3: S3Client, bucket: string, operation: Place): Promise<string | undefined> {
  const get = new GetObjectCommand({ Bucket: bucket, Key: evidenceKey(operation) });
  try {
    return await awsCall(`read s3://${bucket}/${evidenceKey(operation)}`, async () =>
      (await s3.send(get)).Body?.transformToString(),
    );
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'NoSuchKey') return undefined;
    throw error;
  }
}
