import { encodeJsonError } from './aws-json.ts';
import { type Codec, targetOf, textOfBody } from './codec.ts';
import type { WireResponse } from './wire.ts';

/** JSON as it stands: for a service that takes the request itself and answers with a response. DynamoDB is one. */
export const rawJson: Codec = {
  decode: (request) => ({
    operation: targetOf(request),
    input: JSON.parse(textOfBody(request)) as Record<string, unknown>,
  }),
  encode: (_operation, output) => output as WireResponse,
  encodeError: encodeJsonError,
};
