import { type Client, type Codec, known, textOfBody, withId } from './codec.ts';
import { fromForm, queryStyle } from './form.ts';
import { errorsOf, operationsOf } from './schema.ts';
import { element, toXml, xmlDocument } from './xml.ts';
import { encodeXmlError } from './xml-error.ts';

/** The query protocol: forms there, XML back. SNS, IAM and CloudFormation speak it. */
export function awsQuery(client: Client, namespace: string): Codec {
  const operations = operationsOf(client);
  const errors = errorsOf(client);
  return {
    decode(request) {
      const form = new URLSearchParams(textOfBody(request));
      const { name, input } = known(operations, form.get('Action') ?? '');
      return { operation: name, input: fromForm(form, input, queryStyle) };
    },
    encode(operation, output, requestId) {
      const schema = known(operations, operation).output;
      // An operation without an output has no result element either.
      const result = schema.isStructSchema() ? element(`${operation}Result`, toXml(schema, output)) : '';
      const answer = result + element('ResponseMetadata', element('RequestId', requestId));
      const body = xmlDocument(element(`${operation}Response`, answer, namespace));
      return withId({ status: 200, headers: { 'content-type': 'text/xml' }, body }, requestId);
    },
    encodeError: (error, requestId) => encodeXmlError(error, requestId, namespace, errors),
  };
}
