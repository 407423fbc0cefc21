import * as z from 'zod';

/** The types of records that a plan may name. */
export const recordTypes = ['A', 'AAAA', 'CNAME'] as const;
export type RecordType = (typeof recordTypes)[number];

/** Route 53 writes the `*` of a wildcard as `\\052`. */
const dnsName = z.string().regex(/^((\*|\\052|[a-z0-9_-]+)\.)+[a-z0-9-]+\.?$/i);
const valueOf: Readonly<Record<RecordType, z.ZodType>> = { A: z.ipv4(), AAAA: z.ipv6(), CNAME: dnsName };

/** Whether a record of this type can hold the value. */
export function isValueOf(type: RecordType, value: string): boolean {
  return valueOf[type].safeParse(value).success;
}

const aliasSchema = z.object({ zone: z.string().min(1), name: dnsName, isHealthEvaluated: z.boolean() }).readonly();

/**
 * All that Route 53 keeps of a record besides its name, so that it can be put back exactly. An alias has neither TTL nor values.
 * `routing`: the rest in Route 53's own words: weight, role in a failover, health check and the like; absent where there is none.
 */
const recordValueSchema = z
  .object({
    ttlSeconds: z.int().nonnegative().exactOptional(),
    values: z.array(z.string().min(1)).readonly(),
    alias: aliasSchema.exactOptional(),
    routing: z.record(z.string(), z.json()).readonly().exactOptional(),
  })
  // An earlier version noted an alias that it could not switch as no values with a TTL of 0.
  .refine(
    ({ ttlSeconds, values, alias }) =>
      (ttlSeconds === undefined) === (alias !== undefined) && (alias === undefined || values.length === 0),
    {
      error: 'is neither an alias nor values with a TTL',
    },
  )
  .readonly();
export type RecordValue = z.output<typeof recordValueSchema>;

const recordName = {
  zone: z.string().min(1),
  name: z.string().min(1),
  type: z.enum(recordTypes),
  /** Tells it from others of its name and type. */
  set: z.string().min(1).exactOptional(),
};
export type RecordName = Readonly<z.output<z.ZodObject<typeof recordName>>>;

/** One record that an operation changes: what it was, and what it is to be. */
export const trafficChangeSchema = z
  .object({ ...recordName, before: recordValueSchema, after: recordValueSchema, changeId: z.string().nullable() })
  .refine(({ type, before, after }) => [...before.values, ...after.values].every((value) => isValueOf(type, value)), {
    error: 'has values that are none of its type',
  })
  .readonly();
export type TrafficChange = z.output<typeof trafficChangeSchema>;

/** In every respect; the order of values does not matter, nor that of members, which no table keeps. Route 53 writes names of aliases its own way. */
export function isSameRecord(one: RecordValue | undefined, other: RecordValue): boolean {
  return one !== undefined && textOf(one) === textOf(other);
}

function textOf(value: RecordValue): string {
  const { values, alias } = value;
  const target = alias === undefined ? {} : { alias: { ...alias, name: withDot(alias.name) } };
  return JSON.stringify({ ...value, values: values.toSorted(), ...target }, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

export function isSameName(one: RecordName, other: RecordName): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf({ zone, name, type, set }: RecordName): string {
  return JSON.stringify([zone, withDot(name), type, set]);
}

/** For people: `shop.example.com`, with the set where it is one of a set. */
export function titleOf({ name, set }: Pick<RecordName, 'name' | 'set'>): string {
  return set === undefined ? name : `${name} (${set})`;
}

/** What a record leads to, for people: its values or its alias, and the weight where it has one. */
export function wordsOf({ values, alias, routing }: RecordValue): string[] {
  const weight = routing?.['Weight'];
  return [
    ...values,
    ...(alias === undefined ? [] : [`alias ${alias.name}`]),
    ...(typeof weight === 'number' ? [`weight ${weight}`] : []),
  ];
}

/** As DNS servers compare names; Route 53 writes signs that are none of a host's name by their octal code. @source Route 53 guide, DNS domain name format */
export function withDot(name: string): string {
  const plain = name.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return (plain.endsWith('.') ? plain : `${plain}.`).toLowerCase();
}
