import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type {
  GetObjectCommandInput,
  GetObjectRequest,
  PutObjectCommandInput,
  PutObjectOutput,
  PutObjectRequest,
} from '@aws-sdk/client-s3';
import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';

declare module '../cloud.ts' {
  interface Services {
    s3: S3;
  }
}

/** One version of an object. */
export interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly at: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** Role of whoever put it, where it is known. */
  readonly by: string | undefined;
}

interface StoredBucket {
  /** By key, the newest version last. */
  readonly objects: Map<string, ObjectVersion[]>;
}

const keyBytesMax = 1_024;
/** Beyond that an object is put in parts. @source S3 user guide, uploading objects */
const bodyBytesMax = 5 * 1024 ** 3;

/** The simulated S3 of one Region: buckets with versions, whose objects are whole and seen at once. @source S3 user guide, data consistency model */
export class S3 implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #surroundings: Surroundings;
  readonly #buckets = new Map<string, StoredBucket>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      PutObject: operation<PutObjectCommandInput & PutObjectRequest, PutObjectOutput>(
        ['Bucket', 'Key', 'Body', 'ContentType', 'ContentLength', 'ChecksumAlgorithm', 'ChecksumCRC32'],
        (input, { role }) => this.#put(input, role),
      ),
      GetObject: operation<GetObjectCommandInput & GetObjectRequest, object>(
        ['Bucket', 'Key', 'ChecksumMode'],
        (input) => this.#get(input),
      ),
    };
  }

  /** Creates a bucket that keeps versions. */
  createBucket({ name }: { name: string }): void {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
      throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.');
    this.#buckets.set(name, { objects: new Map() });
  }

  /** Every version of every object, those of one object from the oldest to the newest. */
  all(): readonly ObjectVersion[] {
    return [...this.#buckets.values()].flatMap(({ objects }) => [...objects.values()].flat());
  }

  #bucket(name = ''): StoredBucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return bucket;
  }

  #put(input: PutObjectRequest, by: string | undefined): PutObjectOutput {
    const { objects } = this.#bucket(input.Bucket);
    const key = input.Key ?? '';
    const body = bytesOf(input.Body);
    if (Buffer.byteLength(key) > keyBytesMax) throw new AwsError('KeyTooLongError', 'Your key is too long');
    if (body.length > bodyBytesMax)
      throw new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.');
    checkSum(input, body);
    const versions = objects.get(key) ?? [];
    const versionId = createHash('sha256').update(`${input.Bucket} ${key} ${versions.length}`).digest('base64url');
    const { ContentType: contentType = 'binary/octet-stream' } = input;
    const version = {
      bucket: input.Bucket ?? '',
      key,
      versionId,
      at: this.#surroundings.cloud.clock.now(),
      contentType,
      body,
      by,
    };
    objects.set(key, [...versions, version]);
    return { ETag: etagOf(body), VersionId: versionId, ServerSideEncryption: 'AES256', ChecksumCRC32: crcOf(body) };
  }

  #get({ Bucket, Key = '', ChecksumMode }: GetObjectRequest): object {
    const version = this.#bucket(Bucket).objects.get(Key)?.at(-1);
    if (version === undefined) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    const { body, versionId, contentType } = version;
    return {
      ...{ Body: body, ContentLength: body.length, ContentType: contentType, ETag: etagOf(body), VersionId: versionId },
      ServerSideEncryption: 'AES256',
      ...(ChecksumMode === 'ENABLED' ? { ChecksumCRC32: crcOf(body), ChecksumType: 'FULL_OBJECT' } : {}),
    };
  }
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  throw new NotModelled('a body of s3 PutObject that is not bytes');
}

/** Clients send one with every object they put; an object that does not have it is not kept. @source S3 user guide, checking object integrity */
function checkSum({ ChecksumCRC32, ContentLength }: PutObjectRequest, body: Buffer): void {
  if (ContentLength !== undefined && ContentLength !== body.length)
    throw new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length header',
    );
  if (ChecksumCRC32 === undefined) throw new NotModelled('s3 PutObject without a CRC32 checksum in a header');
  if (ChecksumCRC32 !== crcOf(body))
    throw new AwsError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
}

function crcOf(body: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return sum.toString('base64');
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
