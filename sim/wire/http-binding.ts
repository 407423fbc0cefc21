import type { NormalizedSchema } from '@smithy/core/schema';
import { NotModelled } from '../service.ts';
import { textOfBody } from './codec.ts';
import { scalarOf, textOf } from './scalar.ts';
import { hasTrait, type Member, membersOf, type OperationSchema, traitOf } from './schema.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** How a REST protocol writes the members that stand in the body. */
export interface BodyFormat {
  readonly contentType: string;
  read(members: readonly Member[], text: string): Record<string, unknown>;
  write(members: readonly Member[], fields: object, output: NormalizedSchema): string | Uint8Array;
}

/** Decodes path labels, query, headers and body into the SDK's input. */
export function decodeBindings(
  { input }: OperationSchema,
  labels: Readonly<Record<string, string>>,
  request: WireRequest,
  format: BodyFormat,
): Record<string, unknown> {
  const query = new URLSearchParams(request.path.split('?')[1] ?? '');
  const decoded: Record<string, unknown> = {};
  const inBody: Member[] = [];
  for (const [name, member] of membersOf(input)) {
    const header = traitOf(member, 'httpHeader');
    const parameter = traitOf(member, 'httpQuery');
    let value: unknown;
    if (name in labels) value = scalarOf(member, decodeURIComponent(labels[name] ?? ''));
    // A label that is not in the path stands in the host: the bucket of S3.
    else if (hasTrait(member, 'httpLabel')) continue;
    else if (header !== undefined) value = scalarIf(member, request.headers[header.toLowerCase()]);
    else if (parameter !== undefined) value = queryValue(member, query.getAll(parameter));
    else if (hasTrait(member, 'httpPayload')) value = payloadOf(member, request, format);
    else if (hasTrait(member, 'httpPrefixHeaders')) value = prefixed(member, request);
    else inBody.push([name, member]);
    if (value !== undefined) decoded[name] = value;
  }
  return inBody.length === 0 ? decoded : { ...decoded, ...format.read(inBody, textOfBody(request)) };
}

/** Headers that begin with the prefix of a member are its entries. */
function prefixed(member: NormalizedSchema, { headers }: WireRequest): object | undefined {
  const prefix = traitOf(member, 'httpPrefixHeaders')?.toLowerCase() ?? '';
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([name, text]) => [name.slice(prefix.length), text]));
}

/** Whether a member of an answer is neither a header of its own nor in the body. */
function isElsewhere(member: NormalizedSchema): boolean {
  return hasTrait(member, 'httpResponseCode') || hasTrait(member, 'httpPrefixHeaders');
}

function scalarIf(member: NormalizedSchema, text: string | undefined): unknown {
  return text === undefined ? undefined : scalarOf(member, text);
}

function queryValue(member: NormalizedSchema, texts: readonly string[]): unknown {
  if (!member.isListSchema()) return scalarIf(member, texts[0]);
  return texts.length === 0 ? undefined : texts.map((text) => scalarOf(member.getValueSchema(), text));
}

/** A body without bytes is no payload, except that a stream may have none. */
function payloadOf(member: NormalizedSchema, request: WireRequest, format: BodyFormat): unknown {
  if (request.body.length === 0 && !member.isStreaming()) return undefined;
  if (member.isStructSchema()) return format.read(membersOf(member), textOfBody(request));
  return member.isBlobSchema() ? Buffer.from(request.body) : textOfBody(request);
}

/** Encodes an answer: members bound to headers or the status go there, a payload is the body, the rest is written in it. */
export function encodeBindings({ http, output }: OperationSchema, answered: object, format: BodyFormat): WireResponse {
  const fields = answered as Record<string, unknown>;
  const headers: Record<string, string> = { 'content-type': format.contentType };
  const inBody: Member[] = [];
  let status = http?.status ?? 200;
  let payload: Uint8Array | undefined;
  for (const [name, member] of membersOf(output)) {
    const value = fields[name];
    const header = traitOf(member, 'httpHeader');
    if (hasTrait(member, 'httpPayload')) payload = bytesOf(member, value);
    else if (header === undefined && !isElsewhere(member)) inBody.push([name, member]);
    else if (value === undefined || value === null) continue;
    else if (hasTrait(member, 'httpPrefixHeaders')) throw new NotModelled(`the headers of ${name}`);
    else if (header !== undefined) headers[header.toLowerCase()] = textOf(value);
    else status = Number(value);
  }
  return { status, headers, body: payload ?? Buffer.from(format.write(inBody, fields, output)) };
}

function bytesOf(member: NormalizedSchema, value: unknown): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') throw new NotModelled(`the payload ${member.getMemberName()} that is not bytes`);
  return Buffer.from(value);
}
