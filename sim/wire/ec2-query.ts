import { type Client, type Codec, known, textOfBody } from './codec.ts';
import { ec2Style, fromForm } from './form.ts';
import { operationsOf } from './schema.ts';
import type { WireResponse } from './wire.ts';
import { element, escaped, toXml, xmlDocument } from './xml.ts';

const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** EC2's own query protocol: as the other one, with flat lists and without a result element. */
export function ec2Query(client: Client): Codec {
  const operations = operationsOf(client);
  return {
    decode(request) {
      const form = new URLSearchParams(textOfBody(request));
      const { name, input } = known(operations, form.get('Action') ?? '');
      return { operation: name, input: fromForm(form, input, ec2Style) };
    },
    encode(operation, output, requestId) {
      const answer = element('requestId', requestId) + toXml(known(operations, operation).output, output);
      return xmlAnswer(200, element(`${operation}Response`, answer, namespace));
    },
    encodeError({ code, message, status }, requestId) {
      const error = element('Error', element('Code', escaped(code)) + element('Message', escaped(message)));
      return xmlAnswer(status, element('Response', element('Errors', error) + element('RequestID', requestId)));
    },
  };
}

function xmlAnswer(status: number, root: string): WireResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: xmlDocument(root) };
}
