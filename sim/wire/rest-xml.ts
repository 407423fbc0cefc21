import { type Client, type Codec, known, withId } from './codec.ts';
import { type BodyFormat, decodeBindings, encodeBindings } from './http-binding.ts';
import { matchRoute, routesOf } from './route.ts';
import { errorsOf, operationsOf, traitOf } from './schema.ts';
import { element, parseXml, structureFromXml, structureToXml, xmlDocument } from './xml.ts';
import { encodeXmlError } from './xml-error.ts';

/** REST with XML bodies. Route 53 speaks it. */
export function restXml(client: Client, namespace: string): Codec {
  const operations = operationsOf(client);
  const routes = routesOf(operations.values());
  const errors = errorsOf(client);
  const xml: BodyFormat = {
    contentType: 'text/xml',
    read: (members, text) => structureFromXml(members, parseXml(text)),
    write: (members, fields, output) =>
      xmlDocument(
        element(traitOf(output, 'xmlName') ?? output.getName() ?? '', structureToXml(members, fields), namespace),
      ),
  };
  return {
    decode(request) {
      const { operation, labels } = matchRoute(routes, request);
      return { operation: operation.name, input: decodeBindings(operation, labels, request, xml) };
    },
    encode: (operation, output, requestId) =>
      withId(encodeBindings(known(operations, operation), output, xml), requestId),
    encodeError: (error, requestId) => encodeXmlError(error, requestId, namespace, errors),
  };
}
