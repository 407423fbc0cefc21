import type { NormalizedSchema } from '@smithy/core/schema';
import { type Member, membersOf, traitOf } from './schema.ts';

/** Decodes a JSON value into the SDK's shape: times are seconds since 1970, blobs are base64. */
export function fromJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (schema.isListSchema()) return (value as unknown[]).map((item) => fromJson(schema.getValueSchema(), item));
  if (schema.isMapSchema()) return mapped(value, (item) => fromJson(schema.getValueSchema(), item));
  if (schema.isStructSchema()) return structureFromJson(membersOf(schema), value);
  if (schema.isTimestampSchema()) return new Date(typeof value === 'number' ? value * 1_000 : String(value));
  if (schema.isBlobSchema()) return Buffer.from(String(value), 'base64');
  return value;
}

export function structureFromJson(members: readonly Member[], value: unknown): Record<string, unknown> {
  return structure(members, value, (name, member) => [traitOf(member, 'jsonName') ?? name, name], fromJson);
}

/** Encodes the SDK's shape as JSON. */
export function toJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (schema.isListSchema()) return (value as unknown[]).map((item) => toJson(schema.getValueSchema(), item));
  if (schema.isMapSchema()) return mapped(value, (item) => toJson(schema.getValueSchema(), item));
  if (schema.isStructSchema()) return structureToJson(membersOf(schema), value);
  if (value instanceof Date) return value.getTime() / 1_000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

export function structureToJson(members: readonly Member[], value: unknown): Record<string, unknown> {
  return structure(members, value, (name, member) => [name, traitOf(member, 'jsonName') ?? name], toJson);
}

type Convert = (schema: NormalizedSchema, value: unknown) => unknown;

function structure(
  members: readonly Member[],
  value: unknown,
  names: (name: string, member: NormalizedSchema) => readonly [from: string, to: string],
  convert: Convert,
): Record<string, unknown> {
  const converted: Record<string, unknown> = {};
  for (const [name, member] of members) {
    const [from, to] = names(name, member);
    const inner = convert(member, (value as Record<string, unknown>)[from]);
    if (inner !== undefined) converted[to] = inner;
  }
  return converted;
}

function mapped(value: unknown, convert: (item: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([key, item]) => [key, convert(item)]),
  );
}
