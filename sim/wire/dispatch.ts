import { gunzipSync } from 'node:zlib';
import { AwsError, type Call, NotModelled, type Service } from '../service.ts';
import { addressOf } from './address.ts';
import { codecOf } from './endpoints.ts';
import type { Dispatch, WireRequest, WireResponse } from './wire.ts';

/** A service that takes requests as they come over the wire. */
export interface RawService {
  answer(request: WireRequest): Promise<WireResponse>;
}

/** What stands behind the endpoints. */
export interface Surface {
  /** The service object behind an endpoint of a Region; `dynamodb` is a raw one. @throws NotModelled */
  service(endpoint: string, region: string): Service | RawService;
  /** A request id, unique. */
  requestId(): string;
  /** What was asked for and is not modelled; a rehearsal or test must fail by it. */
  readonly notModelled: string[];
  /**
   * Stands around every call: runs it or not, and settles or not. An {@link AwsError} it throws, before or after the
   * call, is the caller's answer.
   */
  around?<Answer>(call: Call, input: Readonly<Record<string, unknown>>, run: () => Promise<Answer>): Promise<Answer>;
}

/** Answers signed requests of SDK clients: decode by the client's own schemas, run the service's operation, encode. */
export function createDispatch(surface: Surface): Dispatch {
  return async (sent) => {
    const request = lowerCased(sent);
    const requestId = surface.requestId();
    const { endpoint, region } = addressOf(request);
    const codec = codecOf(endpoint, request);
    if (codec === undefined) throw noted(surface, new NotModelled(`the endpoint ${endpoint} at ${request.hostname}`));
    try {
      const bare = unpacked(request);
      const { operation, input } = codec.decode(bare);
      const { role, invocation } = request;
      const from = invocation === undefined ? { role } : { role, invocation };
      const { hostname } = request;
      const call = { service: endpoint, operation, region, requestId, hostname, ...from };
      const run = () => answerOf(surface.service(endpoint, region), call, input, bare);
      const output = await (surface.around?.(call, input, run) ?? run());
      return codec.encode(operation, output, requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error instanceof NotModelled) noted(surface, error);
      return codec.encodeError(error, requestId);
    }
  };
}

async function answerOf(
  service: Service | RawService,
  call: Call,
  input: Readonly<Record<string, unknown>>,
  request: WireRequest,
): Promise<object> {
  if (!('operations' in service)) return service.answer(request);
  const modelled = service.operations[call.operation];
  if (modelled === undefined) throw new NotModelled(`${call.service} ${call.operation}`);
  const other = Object.keys(input).find((member) => !modelled.models.includes(member));
  if (other !== undefined) throw new NotModelled(`the parameter ${other} of ${call.service} ${call.operation}`);
  return modelled.run(input as never, call);
}

function lowerCased(request: WireRequest): WireRequest {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return { ...request, headers: Object.fromEntries(headers) };
}

/** Clients pack the body of larger metrics they put. */
function unpacked(request: WireRequest): WireRequest {
  const { 'content-encoding': encoding, ...headers } = request.headers;
  if (encoding === undefined) return request;
  if (encoding !== 'gzip') throw new NotModelled(`the content encoding ${encoding}`);
  return { ...request, headers, body: gunzipSync(request.body) };
}

function noted(surface: Surface, error: NotModelled): NotModelled {
  surface.notModelled.push(error.message);
  return error;
}
