import type { AwsError } from '../service.ts';
import { withId } from './codec.ts';
import { type ErrorSchema, membersOf } from './schema.ts';
import type { WireResponse } from './wire.ts';
import { element, escaped, structureToXml, xmlDocument } from './xml.ts';

/** The error answer of the query and REST-XML protocols; members of a modelled error stand beside its message. */
export function encodeXmlError(
  { code, message, status, fields }: AwsError,
  requestId: string,
  namespace: string,
  errors: ReadonlyMap<string, ErrorSchema>,
): WireResponse {
  const schema = errors.get(code);
  const members = schema === undefined ? [] : membersOf(schema.shape).filter(([name]) => name !== 'message');
  const error = [
    element('Type', status < 500 ? 'Sender' : 'Receiver'),
    element('Code', escaped(schema?.queryCode ?? code)),
    element('Message', escaped(message)),
    structureToXml(members, fields),
  ];
  const answer = element('Error', error.join('')) + element('RequestId', requestId);
  const body = xmlDocument(element('ErrorResponse', answer, namespace));
  return withId({ status, headers: { 'content-type': 'text/xml' }, body }, requestId);
}
