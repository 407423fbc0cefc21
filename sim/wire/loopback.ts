import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { AwsError } from '../service.ts';
import type { Dispatch, WireRequest, WireResponse } from './wire.ts';

/** The simulated AWS on a port of this machine, for clients of another process: `aws --endpoint-url http://127.0.0.1:…`. */
export interface Loopback {
  readonly url: string;
  /** Stops listening, and hangs up on whoever still waits for an answer. */
  close(): Promise<void>;
}

/** Headers that speak of the connection the answer was made on, not of the answer. */
const ofTheConnection = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/**
 * Opens the dispatch to this machine only. Port 0 takes any free one. While the dispatch does not settle, as a silent
 * Region's does not, the connection stays open.
 */
export async function listen(dispatch: Dispatch, port = 0): Promise<Loopback> {
  // No time limits: a client's patience is its own, and the clock may be virtual.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    // Whoever sent it is gone: there is nobody to answer.
    serve(dispatch, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { address, port: taken } = server.address() as AddressInfo;
  return { url: `http://${address}:${taken}`, close: () => closed(server) };
}

async function serve(dispatch: Dispatch, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await answerOf(dispatch, await wireRequestOf(request));
  const own = Object.entries(headers).filter(([name]) => !ofTheConnection.has(name.toLowerCase()));
  response.writeHead(status, { ...Object.fromEntries(own), 'content-length': body.length });
  response.end(body);
}

async function wireRequestOf(request: IncomingMessage): Promise<WireRequest> {
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
  );
  // The simulated Lambda gives its functions the role's ARN as their session token. A person's own token is no role.
  const { host = '', 'x-amz-security-token': token } = headers;
  return {
    method: request.method ?? 'GET',
    hostname: host.replace(/:\d+$/, ''),
    path: request.url ?? '/',
    headers,
    body: await buffer(request),
    ...(token?.startsWith('arn:') === true ? { role: token } : {}),
  };
}

/** What the dispatch cannot answer in the caller's protocol is answered in JSON. */
async function answerOf(dispatch: Dispatch, request: WireRequest): Promise<WireResponse> {
  try {
    return await dispatch(request);
  } catch (error) {
    const { name, message } = error as Error;
    const status = error instanceof AwsError ? error.status : 500;
    const body = Buffer.from(JSON.stringify({ __type: name, message }));
    return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': name }, body };
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
