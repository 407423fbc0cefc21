import { CborCodec } from '@smithy/core/cbor';
import { type Client, type Codec, known, withId } from './codec.ts';
import { operationsOf } from './schema.ts';
import type { WireResponse } from './wire.ts';

/** CBOR both ways, the operation named in the path. The AWS CLI speaks it with CloudWatch. */
export function rpcCbor(client: Client): Codec {
  const operations = operationsOf(client);
  const cbor = new CborCodec();
  const answer = (status: number, body: Uint8Array, requestId: string): WireResponse =>
    withId(
      { status, headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }, body },
      requestId,
    );
  const encoded = (schema: Parameters<Serializer['write']>[0], value: unknown): Uint8Array => {
    const serializer = cbor.createSerializer();
    serializer.write(schema, value);
    return serializer.flush();
  };
  return {
    decode({ path, body }) {
      // `/service/GraniteServiceVersion20100801/operation/DescribeAlarms`
      const { name, input } = known(operations, path.split('/').at(-1) ?? '');
      const read = body.length === 0 ? {} : cbor.createDeserializer().read(input, body);
      return { operation: name, input: read as Record<string, unknown> };
    },
    encode: (operation, output, requestId) =>
      answer(200, encoded(known(operations, operation).output, output), requestId),
    encodeError({ code, message, status, fields }, requestId) {
      const anything = 15;
      return answer(status, encoded(anything, { __type: code, message, ...fields }), requestId);
    },
  };
}

type Serializer = ReturnType<CborCodec['createSerializer']>;
