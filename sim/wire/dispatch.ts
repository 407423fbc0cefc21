import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as ebs from '@aws-sdk/client-ebs';
import * as ec2 from '@aws-sdk/client-ec2';
import * as sfn from '@aws-sdk/client-sfn';
import { AwsError, type Call, NotModelled, type Service } from '../service.ts';
import { decodeEc2Query, encodeEc2Answer, encodeEc2Error } from './ec2-query.ts';
import { fromJson, toJson } from './json.ts';
import { decodeRest, encodeRest, matchRest } from './rest-json.ts';
import { type OperationSchema, operationsOf } from './schema.ts';
import type { Dispatch, WireRequest, WireResponse } from './wire.ts';

type Protocol = 'ec2-query' | 'aws-json' | 'rest-json';

/** The services whose protocol is spoken, by the first label of their endpoint. */
const endpoints: Readonly<
  Record<string, { readonly protocol: Protocol; readonly client: Readonly<Record<string, unknown>> }>
> = {
  ec2: { protocol: 'ec2-query', client: ec2 },
  ebs: { protocol: 'rest-json', client: ebs },
  states: { protocol: 'aws-json', client: sfn },
  monitoring: { protocol: 'aws-json', client: cloudwatch },
};

export interface Surface {
  /** The service object behind an endpoint of a Region. @throws NotModelled */
  service(endpoint: string, region: string): Service;
  /** A request id, unique. */
  requestId(): string;
  /** What was asked for and is not modelled; a rehearsal or test must fail by it. */
  readonly notModelled: string[];
}

interface Decoded {
  readonly operation: OperationSchema;
  readonly input: Record<string, unknown>;
}

/** Answers signed requests of SDK clients: decode by the client's own schemas, run the service's operation, encode. */
export function createDispatch(surface: Surface): Dispatch {
  const schemas = new Map(Object.entries(endpoints).map(([endpoint, { client }]) => [endpoint, operationsOf(client)]));
  return async (request) => {
    const [endpoint = '', region = ''] = request.hostname.split('.');
    const requestId = surface.requestId();
    const protocol = endpoints[endpoint]?.protocol;
    const operations = schemas.get(endpoint);
    if (protocol === undefined || operations === undefined)
      throw noted(surface, new NotModelled(`the endpoint ${request.hostname}`));
    try {
      const { operation, input } = decode(protocol, operations, request);
      const call = { service: endpoint, operation: operation.name, region, requestId, role: request.role };
      const output = await run(surface.service(endpoint, region), call, input);
      return encode(protocol, operation, output as Record<string, unknown>, requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error instanceof NotModelled) noted(surface, error);
      return encodeError(protocol, error, requestId);
    }
  };
}

async function run(service: Service, call: Call, input: Record<string, unknown>): Promise<object> {
  const modelled = service.operations[call.operation];
  if (modelled === undefined) throw new NotModelled(`${call.service} ${call.operation}`);
  const other = Object.keys(input).find((member) => !modelled.models.includes(member));
  if (other !== undefined) throw new NotModelled(`the parameter ${other} of ${call.service} ${call.operation}`);
  return modelled.run(input as never, call);
}

function decode(protocol: Protocol, operations: ReadonlyMap<string, OperationSchema>, request: WireRequest): Decoded {
  if (protocol === 'rest-json') {
    const match = matchRest(operations.values(), request);
    if (match === undefined) throw new NotModelled(`${request.method} ${request.path}`);
    return { operation: match.operation, input: decodeRest(match.operation, match.labels, request) };
  }
  const text = Buffer.from(request.body).toString();
  if (protocol === 'ec2-query') {
    const form = new URLSearchParams(text);
    const operation = known(operations, form.get('Action') ?? '');
    return { operation, input: decodeEc2Query(form, operation.input) };
  }
  const operation = known(operations, (request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '');
  return { operation, input: fromJson(operation.input, JSON.parse(text)) as Record<string, unknown> };
}

function known(operations: ReadonlyMap<string, OperationSchema>, name: string): OperationSchema {
  const operation = operations.get(name);
  if (operation === undefined) throw new NotModelled(`the operation "${name}"`);
  return operation;
}

function encode(
  protocol: Protocol,
  operation: OperationSchema,
  output: Record<string, unknown>,
  requestId: string,
): WireResponse {
  if (protocol === 'rest-json') return withId(encodeRest(operation, output), requestId);
  if (protocol === 'ec2-query')
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: Buffer.from(encodeEc2Answer(operation, output, requestId)),
    };
  const body = Buffer.from(JSON.stringify(toJson(operation.output, output) ?? {}));
  return withId({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body }, requestId);
}

function encodeError(protocol: Protocol, error: AwsError, requestId: string): WireResponse {
  if (protocol === 'ec2-query') {
    return {
      status: error.status,
      headers: { 'content-type': 'text/xml' },
      body: Buffer.from(encodeEc2Error(error.code, error.message, requestId)),
    };
  }
  const body = Buffer.from(
    JSON.stringify({ __type: error.code, message: error.message, Message: error.message, ...error.fields }),
  );
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': error.code };
  return withId({ status: error.status, headers, body }, requestId);
}

function withId(answer: WireResponse, requestId: string): WireResponse {
  return { ...answer, headers: { ...answer.headers, 'x-amzn-requestid': requestId } };
}

function noted(surface: Surface, error: NotModelled): NotModelled {
  surface.notModelled.push(error.message);
  return error;
}
