/**
 * Building blocks of the files people write. Every message completes `<field>: <value> …` in two sentences: what the value is
 * not, and what would be right. The second sentence also stands alone, for a field that is missing.
 */
import * as z from 'zod';
import { durationMessage, durationPattern, parseDuration } from './duration.ts';

export const text = (pattern: RegExp, message: string) =>
  z.string({ error: message }).regex(pattern, { error: message });

/** An id of AWS, such as `subnet-0123456789abcdef0`. */
export const id = (prefix: string) =>
  text(
    new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`),
    `is not an id. Write it like "${prefix}-0123456789abcdef0".`,
  );

export const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not a Region. Write it like "us-west-2".');

export const integer = (from: number, to: number) => {
  const error = `is not allowed. Write a whole number from ${from} to ${to}.`;
  return z.int({ error }).min(from, { error }).max(to, { error });
};

export const yesOrNo = z.boolean({ error: 'is not yes or no. Write true or false.' });

export const oneOf = <const Words extends readonly [string, ...string[]]>(...known: Words) =>
  z.enum(known, {
    error: known.length === 1 ? `is not known. Write ${known[0]}.` : `is not known. Write one of: ${known.join(', ')}.`,
  });

/** A duration as people write it; in seconds once parsed. */
export const duration = text(durationPattern, durationMessage).transform((written) => parseDuration(written) ?? 0);

/** A duration, or the word for none: then `undefined`. */
export const durationOr = (word: string) =>
  text(
    new RegExp(`${durationPattern.source}|^${word}$`),
    `is not a duration. Write it like "14 days", or "${word}".`,
  ).transform(parseDuration);

const nameMessage = 'is not a name. Use up to 31 lower-case letters, digits and "-", a letter first.';

/** The name of a plan or server. `constructor` is what every object of JavaScript has already. */
export const name = text(/^(?!constructor$)[a-z][a-z0-9-]{0,30}$/, nameMessage);

/** The names and dimensions of CloudWatch metrics. @source CloudWatch API reference, Dimension: ASCII without control characters */
export const words = text(/^[\x20-\x7e]{1,255}$/, 'is not a text. Write 1 to 255 ASCII letters, digits and signs.');

/** A block of these fields and no others. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `is not a field here. The fields are: ${known}.`
        : `is not a block of fields. Write below it: ${known}.`,
  });
}

/** Values by name; with `atLeastOne`, the word for what there must be one of. */
export function mapOf<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  key: Key,
  value: Value,
  atLeastOne?: string,
) {
  const error =
    atLeastOne === undefined
      ? 'is not a block. Write names and values below it.'
      : `is not enough. Name at least one ${atLeastOne}.`;
  return z
    .record(key, value, { error })
    .refine((entries) => atLeastOne === undefined || Object.keys(entries).length > 0, { error });
}

export function listOf<Item extends z.ZodType>(item: Item, atLeastOne?: string) {
  const error =
    atLeastOne === undefined
      ? 'is not a list. Write one item per line, each after "- ".'
      : `is not enough. Name at least one ${atLeastOne}.`;
  return z.array(item, { error }).min(atLeastOne === undefined ? 0 : 1, { error });
}
