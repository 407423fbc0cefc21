import type { NormalizedSchema } from '@smithy/core/schema';

/** Reads a scalar from text, as it stands in a query, a header, or a path. */
export function scalarOf(schema: NormalizedSchema, text: string): unknown {
  if (schema.isBooleanSchema()) return text === 'true';
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isTimestampSchema()) return new Date(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : text);
  if (schema.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}

/** Writes a scalar as text; times in ISO 8601. */
export function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
