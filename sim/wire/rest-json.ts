import { fromJson, toJson } from './json.ts';
import { hasTrait, membersOf, type OperationSchema, traitOf } from './schema.ts';
import { scalarOf, textOf } from './scalar.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** The operation whose method and path pattern fit, with what stands in the path's labels. */
export function matchRest(
  operations: Iterable<OperationSchema>,
  { method, path }: Pick<WireRequest, 'method' | 'path'>,
): { operation: OperationSchema; labels: Record<string, string> } | undefined {
  const [bare = ''] = path.split('?');
  for (const operation of operations) {
    if (operation.http?.[0] !== method) continue;
    const [pattern = ''] = operation.http[1].split('?');
    const expression = pattern.replaceAll(/\{(\w+)\+?\}/g, '(?<$1>[^/]+)');
    const groups = new RegExp(`^${expression}/?$`).exec(bare)?.groups;
    if (groups !== undefined || new RegExp(`^${expression}/?$`).test(bare)) return { operation, labels: { ...groups } };
  }
  return undefined;
}

/** Decodes path labels, query, headers and body into the SDK's input. */
export function decodeRest(
  operation: OperationSchema,
  labels: Record<string, string>,
  request: WireRequest,
): Record<string, unknown> {
  const query = new URLSearchParams(request.path.split('?')[1] ?? '');
  const headers = new Map(Object.entries(request.headers).map(([key, value]) => [key.toLowerCase(), value]));
  const members = membersOf(operation.input);
  const hasPayload = members.some(([, member]) => hasTrait(member, 'httpPayload'));
  const text = Buffer.from(request.body).toString();
  const body = hasPayload || text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const input: Record<string, unknown> = {};
  for (const [name, member] of members) {
    const header = traitOf(member, 'httpHeader');
    const parameter = traitOf(member, 'httpQuery');
    let value: unknown;
    if (hasTrait(member, 'httpPayload')) value = Buffer.from(request.body);
    else if (name in labels) value = scalarOf(member, decodeURIComponent(labels[name] ?? ''));
    else if (header !== undefined) value = scalarIf(member, headers.get(header.toLowerCase()));
    else if (parameter !== undefined) value = scalarIf(member, query.get(parameter) ?? undefined);
    else value = fromJson(member, body[traitOf(member, 'jsonName') ?? name]);
    if (value !== undefined) input[name] = value;
  }
  return input;
}

function scalarIf(member: Parameters<typeof scalarOf>[0], text: string | undefined): unknown {
  return text === undefined ? undefined : scalarOf(member, text);
}

/** Encodes an answer: members bound to headers go there, a payload is the body, the rest is JSON. */
export function encodeRest(operation: OperationSchema, output: Record<string, unknown>): WireResponse {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  let payload: Uint8Array | undefined;
  const rest: Record<string, unknown> = {};
  for (const [name, member] of membersOf(operation.output)) {
    const value = output[name];
    if (value === undefined || value === null) continue;
    const header = traitOf(member, 'httpHeader');
    if (header !== undefined) headers[header.toLowerCase()] = textOf(value);
    else if (hasTrait(member, 'httpPayload')) payload = value as Uint8Array;
    else rest[traitOf(member, 'jsonName') ?? name] = toJson(member, value);
  }
  return { status: operation.http?.[2] ?? 200, headers, body: payload ?? Buffer.from(JSON.stringify(rest)) };
}
