import { encodeJsonError } from './aws-json.ts';
import { type Client, type Codec, known, withId } from './codec.ts';
import { type BodyFormat, decodeBindings, encodeBindings } from './http-binding.ts';
import { structureFromJson, structureToJson } from './json.ts';
import { matchRoute, routesOf } from './route.ts';
import { operationsOf } from './schema.ts';

const json: BodyFormat = {
  contentType: 'application/json',
  read: (members, text) => (text === '' ? {} : structureFromJson(members, JSON.parse(text))),
  write: (members, fields) => JSON.stringify(structureToJson(members, fields)),
};

/** REST with JSON bodies. EBS direct and Lambda speak it. */
export function restJson(client: Client): Codec {
  const operations = operationsOf(client);
  const routes = routesOf(operations.values());
  return {
    decode(request) {
      const { operation, labels } = matchRoute(routes, request);
      return { operation: operation.name, input: decodeBindings(operation, labels, request, json) };
    },
    encode: (operation, output, requestId) =>
      withId(encodeBindings(known(operations, operation), output, json), requestId),
    encodeError: encodeJsonError,
  };
}
