import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { EBSClient, GetSnapshotBlockCommand, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isDamage, readBlock, writeBlock } from '../../lib/aws/block-calls.ts';
import type { AwsFailure } from '../../lib/aws/call.ts';

/** What the SDK's middleware adds about itself. */
const ofTheSdk = new Set(['user-agent', 'x-amz-user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request']);
const bytes = Buffer.alloc(524_288, 'of a block');
const checksum = createHash('sha256').update(bytes).digest('base64');
const whole = { 'x-amz-checksum': checksum, 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-data-length': '524288' };
const address = { snapshot: 'snap-0123456789abcdef0', index: 4_711, token: 'AAUBAc+/ =&?ü==' };

/** A client whose requests are kept and answered with `answer`. */
function recording(answer: { status: number; headers?: Record<string, string>; body?: Buffer }, endpoint?: string) {
  const sent: HttpRequest[] = [];
  const { status: statusCode, headers = {}, body = Buffer.alloc(0) } = answer;
  const handle = (request: HttpRequest) => {
    sent.push(HttpRequest.clone(request));
    return Promise.resolve({ response: new HttpResponse({ statusCode, headers, body: Readable.from([body]) }) });
  };
  const client = new EBSClient({
    region: 'eu-central-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
    maxAttempts: 1,
    requestHandler: { handle } as never,
  });
  return { client, sent };
}

function meaningOf({ method, protocol, hostname, port, path, query, headers, body }: HttpRequest) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const own = lower.filter(([name]) => !ofTheSdk.has(name) && name !== 'authorization');
  const content = body === undefined ? undefined : createHash('sha256').update(body).digest('hex');
  return { method, protocol, hostname, port, path, query, headers: Object.fromEntries(own), content };
}

/** Signed anew by the client's own signer, without what the SDK says about itself. */
async function signatureOf({ client, sent }: ReturnType<typeof recording>): Promise<string | undefined> {
  const { headers, ...request } = sent[0] as HttpRequest;
  const own = Object.entries(headers).filter(([name]) => !ofTheSdk.has(name) && name !== 'authorization');
  const signer = await client.config.signer();
  const signed = await signer.sign(new HttpRequest({ ...request, headers: Object.fromEntries(own) }), {
    signingDate: new Date(),
  });
  return signed.headers.authorization;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-05T10:00:00Z') }));
afterEach(() => void vi.useRealTimers());

describe('the two block calls below the middleware', () => {
  it.each([undefined, 'https://vpce-1.ebs.eu-central-1.vpce.amazonaws.com:8443'])(
    'I4: send what the SDK sends, byte for byte, at %s',
    async (endpoint) => {
      const get = { SnapshotId: address.snapshot, BlockIndex: address.index, BlockToken: address.token };
      const put = {
        ...{ SnapshotId: address.snapshot, BlockIndex: address.index, BlockData: bytes, DataLength: 524_288 },
        ...{ Checksum: checksum, ChecksumAlgorithm: 'SHA256' as const },
      };
      const pairs = [
        {
          status: 200,
          bySdk: (client: EBSClient) => client.send(new GetSnapshotBlockCommand(get)),
          byUs: (client: EBSClient) => readBlock(client, address, Buffer.alloc(524_288)),
        },
        {
          status: 201,
          bySdk: (client: EBSClient) => client.send(new PutSnapshotBlockCommand(put)),
          byUs: (client: EBSClient) => writeBlock(client, address.snapshot, address.index, { bytes, checksum }),
        },
      ];
      for (const { status, bySdk, byUs } of pairs) {
        const [sdk, us] = [1, 2].map(() => recording({ status, headers: whole, body: bytes }, endpoint));
        if (sdk === undefined || us === undefined) throw new Error('there are two');
        await bySdk(sdk.client);
        await byUs(us.client);
        expect(us.sent).toHaveLength(1);
        expect(meaningOf(us.sent[0] as HttpRequest)).toEqual(meaningOf(sdk.sent[0] as HttpRequest));
        expect(us.sent[0]?.headers.authorization).toBe(await signatureOf(sdk));
      }
    },
  );

  it('take a block as it comes, into the slot', async () => {
    const slot = Buffer.alloc(524_288);
    const { client } = recording({ status: 200, headers: whole, body: bytes });
    expect((await readBlock(client, address, slot)).checksum).toBe(checksum);
    expect(slot.equals(bytes)).toBe(true);
  });

  it.each([
    ['cut short', { status: 200, headers: whole, body: bytes.subarray(1) }],
    ['too long', { status: 200, headers: whole, body: Buffer.concat([bytes, Buffer.of(1)]) }],
    ['without a checksum', { status: 200, headers: { 'x-amz-checksum-algorithm': 'SHA256' }, body: bytes }],
    ['with a checksum of another kind', { status: 200, headers: { ...whole, 'x-amz-checksum-algorithm': 'MD5' } }],
  ])('I4: see a block that arrives %s', async (_, answer) => {
    const read = readBlock(recording({ body: bytes, ...answer }).client, address, Buffer.alloc(524_288));
    const failure = await read.catch((error: unknown) => error);
    expect([isDamage(failure), (failure as AwsFailure).code]).toEqual([true, 'AwsUnavailable']);
  });

  it('I4: see a block that was taken as another one', async () => {
    const other = { 'x-amz-checksum': createHash('sha256').update('other').digest('base64') };
    const write = writeBlock(recording({ status: 201, headers: other }).client, 'snap-1', 1, { bytes, checksum });
    expect(isDamage(await write.catch((error: unknown) => error))).toBe(true);
  });

  it('name what AWS refuses as the SDK does', async () => {
    const refusals = [
      [400, 'RequestThrottledException', 'RESOURCE_LEVEL_THROTTLE', 'AwsThrottled'],
      [400, 'ValidationException', 'INVALID_BLOCK_TOKEN', 'AwsBusy'],
      [404, 'ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND', 'AwsNotYetConsistent'],
      [403, 'InvalidSignatureException', undefined, 'AwsRejected'],
      [403, 'AccessDeniedException', 'DEPENDENCY_ACCESS_DENIED', 'AwsRefused'],
      [500, 'InternalServerException', undefined, 'AwsUnavailable'],
    ] as const;
    for (const [status, awsName, reason, code] of refusals) {
      const body = Buffer.from(JSON.stringify({ Message: 'No.', ...(reason === undefined ? {} : { Reason: reason }) }));
      const headers = {
        'x-amzn-errortype': `${awsName}:http://internal.amazon.com/coral/`,
        'content-type': 'application/json',
      };
      const { client } = recording({ status, headers, body });
      const failure = await writeBlock(client, 'snap-1', 1, { bytes, checksum }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ awsName, reason, code });
      expect((failure as Error).message).toContain('write block 1 of snap-1');
    }
  });
});
