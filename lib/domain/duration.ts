import { z } from 'zod';

const secondsOf: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** Reads a duration as people write it, such as `15 minutes`; returns seconds, or `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/.exec(text.trim());
  const [, amount, unit] = match ?? [];
  const seconds = secondsOf[unit ?? ''];
  return amount === undefined || seconds === undefined ? undefined : Number(amount) * seconds;
}

/** A duration in a file, in seconds once parsed. */
export const duration = z.string().transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  context.addIssue({ code: 'custom', message: 'is not a duration. Write it like "15 minutes" or "2 hours"' });
  return z.NEVER;
});
