import type { NormalizedSchema } from '@smithy/core/schema';
import { membersOf, type OperationSchema, traitOf } from './schema.ts';
import { scalarOf, textOf } from './scalar.ts';

/** Decodes the form of an EC2 request into the SDK's input. Lists are flat: `Filter.1.Value.2=web`. */
export function decodeEc2Query(form: URLSearchParams, schema: NormalizedSchema): Record<string, unknown> {
  return structureOf(
    schema,
    [...form].map(([key, value]): Entry => [key.split('.'), value]),
  );
}

type Entry = readonly [path: readonly string[], value: string];

function structureOf(schema: NormalizedSchema, entries: readonly Entry[]): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, member] of membersOf(schema)) {
    const inner = below(entries, queryNameOf(name, member));
    if (inner.length > 0) decoded[name] = valueOf(member, inner);
  }
  return decoded;
}

function valueOf(schema: NormalizedSchema, entries: readonly Entry[]): unknown {
  if (schema.isListSchema()) {
    const positions = [...new Set(entries.map(([path]) => Number(path[0])))].toSorted((a, b) => a - b);
    return positions.map((position) => valueOf(schema.getValueSchema(), below(entries, String(position))));
  }
  if (schema.isStructSchema()) return structureOf(schema, entries);
  return scalarOf(schema, entries[0]?.[1] ?? '');
}

function below(entries: readonly Entry[], head: string): Entry[] {
  return entries.filter(([path]) => path[0] === head).map(([path, value]): Entry => [path.slice(1), value]);
}

/** `ec2QueryName`, else the XML name capitalized, else the member's name capitalized. */
function queryNameOf(name: string, member: NormalizedSchema): string {
  const written = traitOf(member, 'ec2QueryName') ?? traitOf(member, 'xmlName') ?? name;
  return written.charAt(0).toUpperCase() + written.slice(1);
}

/** Encodes an answer as EC2 does: list members are `<item>`. */
export function encodeEc2Answer(operation: OperationSchema, output: object, requestId: string): string {
  const body = xmlOf(operation.output, output);
  return `<?xml version="1.0" encoding="UTF-8"?><${operation.name}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>${requestId}</requestId>${body}</${operation.name}Response>`;
}

export function encodeEc2Error(code: string, message: string, requestId: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;
}

function xmlOf(schema: NormalizedSchema, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (schema.isListSchema()) {
    return (value as unknown[]).map((item) => `<item>${xmlOf(schema.getValueSchema(), item)}</item>`).join('');
  }
  if (!schema.isStructSchema()) return escaped(textOf(value));
  const fields = value as Record<string, unknown>;
  return membersOf(schema)
    .filter(([name]) => fields[name] !== undefined && fields[name] !== null)
    .map(([name, member]) => {
      const element = traitOf(member, 'xmlName') ?? name;
      return `<${element}>${xmlOf(member, fields[name])}</${element}>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
