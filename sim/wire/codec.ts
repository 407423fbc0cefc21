import { type AwsError, NotModelled } from '../service.ts';
import type { OperationSchema } from './schema.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** What a request asks for. */
export interface Decoded {
  /** The operation's API name, `CreateSnapshots`. */
  readonly operation: string;
  /** The input as the SDK's caller gave it. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** One protocol as one service speaks it. */
export interface Codec {
  /** @throws NotModelled for an operation that the service's SDK client does not have */
  decode(request: WireRequest): Decoded;
  encode(operation: string, output: object, requestId: string): WireResponse;
  encodeError(error: AwsError, requestId: string): WireResponse;
}

/** The exports of an SDK client package, among them the schemas of its operations and errors. */
export type Client = Readonly<Record<string, unknown>>;

/** @throws NotModelled */
export function known(operations: ReadonlyMap<string, OperationSchema>, name: string): OperationSchema {
  const operation = operations.get(name);
  if (operation === undefined) throw new NotModelled(`the operation "${name}"`);
  return operation;
}

/** The operation that a JSON request names in its header: `AWSStepFunctions.StartExecution`. */
export function targetOf({ headers }: Pick<WireRequest, 'headers'>): string {
  return (headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
}

/** The answer with the request's id where every SDK looks for it. */
export function withId(answer: WireResponse, requestId: string): WireResponse {
  return { ...answer, headers: { ...answer.headers, 'x-amzn-requestid': requestId } };
}

export function textOfBody({ body }: Pick<WireRequest, 'body'>): string {
  return Buffer.from(body).toString();
}
