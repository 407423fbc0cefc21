import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type EBSClient, GetSnapshotBlock$, GetSnapshotBlockCommand, PutSnapshotBlock$ } from '@aws-sdk/client-ebs';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { HttpRequest, type HttpResponse } from '@smithy/core/protocols';
import { operation } from '@smithy/core/schema';
import type { ClientProtocol, RequestSigner } from '@smithy/types';
import { blockBytes } from '../domain/blocks.ts';
import type { Block } from './blocks.ts';
import { AwsFailure, awsCall } from './call.ts';

/**
 * The two calls that a transfer makes for every block, below the SDK's middleware, which takes two thirds of their CPU (decision 0028).
 * All else is the client's own: endpoint, credentials, signer, request handler, and how an error is read.
 */

/** One block as a listing names it. */
export interface BlockAddress {
  readonly snapshot: string;
  readonly index: number;
  readonly token: string;
}

/** What is the same for every request of a client. */
interface Way {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  readonly host: string;
  readonly path: string;
  readonly signer: RequestSigner;
}

const ways = new WeakMap<EBSClient, Promise<Way>>();

/** A stalled answer must not hold its slot: the handler's own patience ends with the answer's first bytes. */
const bodyMsMax = 10_000;

/** Name of the failure of a block that arrived other than it was sent. */
const damaged = 'DamagedBlock';

export function isDamage(error: unknown): boolean {
  return error instanceof AwsFailure && error.awsName === damaged;
}

/**
 * Reads one block into `slot`, which must not be used again before the block is done with. Its length is checked; the checksum is the one
 * that AWS sends with it: the target of a write compares it, and {@link checkBlock} does where nothing is written.
 * @throws AwsFailure; {@link isDamage} when it is not one whole block
 */
export async function readBlock(
  ebs: EBSClient,
  { snapshot, index, token }: BlockAddress,
  slot: Buffer,
): Promise<Block> {
  return awsCall(`read block ${index} of ${snapshot}`, async () => {
    const way = await wayOf(ebs);
    const request = requestOf(way, { method: 'GET', path: pathOf(snapshot, index), query: { blockToken: token } });
    const { statusCode, headers, body } = await send(ebs, way, request, GetSnapshotBlock$);
    const length = await fill(slot, body as Readable);
    const { 'x-amz-checksum': checksum = '', 'x-amz-checksum-algorithm': algorithm } = headers;
    if (statusCode !== 200 || length !== blockBytes || algorithm !== 'SHA256' || checksum === '')
      throw damage(`Block ${index} of ${snapshot} arrived as ${length} bytes with checksum ${algorithm}:${checksum}.`);
    return { bytes: slot, checksum };
  });
}

/**
 * Writes one block; AWS takes it only if its bytes have the checksum. Writing it again is harmless.
 * @throws AwsFailure
 */
export async function writeBlock(
  ebs: EBSClient,
  target: string,
  index: number,
  { bytes, checksum }: Block,
): Promise<void> {
  await awsCall(`write block ${index} of ${target}`, async () => {
    const way = await wayOf(ebs);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'x-amz-data-length': String(bytes.length),
      'x-amz-checksum': checksum,
      'x-amz-checksum-algorithm': 'SHA256',
      // The same digest once more: the signature covers the body without another SHA-256 of it.
      'x-amz-content-sha256': Buffer.from(checksum, 'base64').toString('hex'),
    };
    const request = requestOf(way, { method: 'PUT', path: pathOf(target, index), headers, body: bytes });
    const answer = await send(ebs, way, request, PutSnapshotBlock$);
    await fill(Buffer.alloc(0), answer.body as Readable);
    const echo = answer.headers['x-amz-checksum'];
    if (echo !== undefined && echo !== checksum)
      throw damage(`Block ${index} of ${target} was taken with checksum ${echo}, not ${checksum}.`);
  });
}

/** @throws AwsFailure, {@link isDamage}, when the bytes of a block do not have its checksum */
export function checkBlock({ bytes, checksum }: Block, what: string): void {
  const found = createHash('sha256').update(bytes).digest('base64');
  if (found !== checksum) throw damage(`${what} has checksum ${found}, not ${checksum} as it was sent.`);
}

function damage(message: string): AwsFailure {
  return new AwsFailure('AwsUnavailable', damaged, undefined, `${message} It is read again.`, undefined);
}

function pathOf(snapshot: string, index: number): string {
  return `/snapshots/${encodeURIComponent(snapshot)}/blocks/${index}`;
}

function requestOf(way: Way, rest: ConstructorParameters<typeof HttpRequest>[0]): HttpRequest {
  const { protocol, hostname, port, host, path } = way;
  return new HttpRequest({
    protocol,
    hostname,
    ...(port === undefined ? {} : { port }),
    ...rest,
    path: `${path}${rest.path}`,
    headers: { ...rest.headers, host },
  });
}

function wayOf(ebs: EBSClient): Promise<Way> {
  const known = ways.get(ebs) ?? findWay(ebs);
  ways.set(ebs, known);
  return known;
}

async function findWay({ config }: EBSClient): Promise<Way> {
  const { url } = await getEndpointFromInstructions({}, GetSnapshotBlockCommand, config);
  const port = url.port === '' ? undefined : Number(url.port);
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    port,
    host: url.host,
    path: url.pathname.replace(/\/$/, ''),
    signer: await config.signer(),
  };
}

/** @throws the SDK's own exception for an answer that is an error */
async function send(
  { config }: EBSClient,
  { signer }: Way,
  request: HttpRequest,
  [, ...schema]: typeof GetSnapshotBlock$ | typeof PutSnapshotBlock$,
): Promise<HttpResponse> {
  const signingDate = new Date(Date.now() + config.systemClockOffset);
  const signed = await signer.sign(request, { signingDate });
  const { response } = await config.requestHandler.handle(signed as HttpRequest);
  const protocol = config.protocol as ClientProtocol<HttpRequest, HttpResponse>;
  if (response.statusCode < 300) return response;
  const body = response.body as Readable;
  const timer = setTimeout(() => body.destroy(stalled()), bodyMsMax);
  try {
    await protocol.deserializeResponse(operation(...schema), config as never, response);
  } finally {
    clearTimeout(timer);
  }
  return response;
}

function stalled(): Error {
  return Object.assign(new Error('The answer stalled'), { name: 'TimeoutError' });
}

/** Takes in a whole body; bytes that the slot has no room for are counted only. */
function fill(slot: Buffer, body: Readable): Promise<number> {
  return new Promise((resolve, reject) => {
    let length = 0;
    const timer = setTimeout(() => body.destroy(stalled()), bodyMsMax);
    const end = (then: () => void) => () => {
      clearTimeout(timer);
      then();
    };
    body.on('data', (chunk: Uint8Array) => {
      if (length + chunk.length <= slot.length) slot.set(chunk, length);
      length += chunk.length;
    });
    body.once(
      'end',
      end(() => resolve(length)),
    );
    body.once('error', (error) => end(() => reject(error))());
    body.once(
      'close',
      end(() => resolve(length)),
    );
  });
}
