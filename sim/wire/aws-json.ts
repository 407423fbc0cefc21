import type { AwsError } from '../service.ts';
import { type Client, type Codec, known, targetOf, textOfBody, withId } from './codec.ts';
import { fromJson, toJson } from './json.ts';
import { operationsOf } from './schema.ts';
import type { WireResponse } from './wire.ts';

/** JSON both ways, the operation named in a header. Step Functions, CloudWatch and Service Quotas speak it. */
export function awsJson(client: Client): Codec {
  const operations = operationsOf(client);
  return {
    decode(request) {
      const { name, input } = known(operations, targetOf(request));
      return { operation: name, input: fromJson(input, JSON.parse(textOfBody(request))) as Record<string, unknown> };
    },
    encode(operation, output, requestId) {
      const body = Buffer.from(JSON.stringify(toJson(known(operations, operation).output, output) ?? {}));
      return withId({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body }, requestId);
    },
    encodeError: encodeJsonError,
  };
}

/** The error answer of every JSON protocol; members of a modelled error stand beside its message. */
export function encodeJsonError({ code, message, status, fields }: AwsError, requestId: string): WireResponse {
  const body = Buffer.from(JSON.stringify({ __type: code, message, Message: message, ...fields }));
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code };
  return withId({ status, headers, body }, requestId);
}
