import type { NormalizedSchema } from '@smithy/core/schema';
import { scalarOf } from './scalar.ts';
import { hasTrait, membersOf, traitOf } from './schema.ts';

/** How a query protocol writes names and lists in a form. */
export interface FormStyle {
  nameOf(name: string, member: NormalizedSchema): string;
  /** Whether items stand right below the list's name, `Filter.1`, instead of `Filter.member.1`. */
  isFlat(schema: NormalizedSchema): boolean;
}

/** Where a value stands, `Filter.1.Value.2`, and the value. */
type Entry = readonly [path: readonly string[], value: string];

/** Decodes the form of a query request into the SDK's input. */
export function fromForm(form: URLSearchParams, schema: NormalizedSchema, style: FormStyle): Record<string, unknown> {
  return structureOf(
    schema,
    [...form].map(([key, value]): Entry => [key.split('.'), value]),
    style,
  );
}

function structureOf(schema: NormalizedSchema, entries: readonly Entry[], style: FormStyle): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, member] of membersOf(schema)) {
    const inner = below(entries, style.nameOf(name, member));
    if (inner.length > 0) decoded[name] = valueOf(member, inner, style);
  }
  return decoded;
}

function valueOf(schema: NormalizedSchema, entries: readonly Entry[], style: FormStyle): unknown {
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    const items = style.isFlat(schema) ? entries : below(entries, traitOf(item, 'xmlName') ?? 'member');
    return inOrder(items).map((each) => valueOf(item, each, style));
  }
  if (schema.isMapSchema()) {
    const [key, value] = [schema.getKeySchema(), schema.getValueSchema()];
    const pairs = inOrder(style.isFlat(schema) ? entries : below(entries, 'entry'));
    return Object.fromEntries(
      pairs.map((pair) => [
        below(pair, traitOf(key, 'xmlName') ?? 'key')[0]?.[1] ?? '',
        valueOf(value, below(pair, traitOf(value, 'xmlName') ?? 'value'), style),
      ]),
    );
  }
  if (schema.isStructSchema()) return structureOf(schema, entries, style);
  return scalarOf(schema, entries[0]?.[1] ?? '');
}

/** The entries of each position, by position. An empty list is one entry without a position. */
function inOrder(entries: readonly Entry[]): Entry[][] {
  const positions = new Set(entries.flatMap(([[position]]) => (position === undefined ? [] : [Number(position)])));
  return [...positions].toSorted((one, other) => one - other).map((position) => below(entries, String(position)));
}

function below(entries: readonly Entry[], head: string): Entry[] {
  return entries.filter(([path]) => path[0] === head).map(([path, value]): Entry => [path.slice(1), value]);
}

/** The style of SNS and CloudFormation. */
export const queryStyle: FormStyle = {
  nameOf: (name, member) => traitOf(member, 'xmlName') ?? name,
  isFlat: (schema) => hasTrait(schema, 'xmlFlattened'),
};

/** The style of EC2: all lists are flat, all names begin with a capital. */
export const ec2Style: FormStyle = {
  nameOf: (name, member) => {
    const written = traitOf(member, 'ec2QueryName') ?? traitOf(member, 'xmlName') ?? name;
    return written.charAt(0).toUpperCase() + written.slice(1);
  },
  isFlat: () => true,
};
