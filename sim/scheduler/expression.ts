import { AwsError, NotModelled } from '../service.ts';

/** When a schedule invokes its target. */
export type Rhythm = { readonly kind: 'rate'; readonly everyMs: number } | { readonly kind: 'at'; readonly at: number };

const UNITS_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const UTC_NAMES = ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT'];

/**
 * Reads `rate(5 minutes)` and `at(2026-01-05T10:00:00)`; `cron(...)` and local times are refused as not modelled.
 * @throws AwsError ValidationException
 */
export function rhythmOf(expression: string, timezone = 'UTC'): Rhythm {
  if (!UTC_NAMES.includes(timezone)) throw new NotModelled(`schedules in timezone ${timezone}`);
  if (/^cron\(.+\)$/.test(expression)) throw new NotModelled(`the schedule ${expression}`);
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null && Number(rate[1]) > 0) {
    return { kind: 'rate', everyMs: Number(rate[1]) * (UNITS_MS[rate[2] ?? ''] ?? 0) };
  }
  const at = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression);
  const instant = at === null ? Number.NaN : Date.parse(`${at[1]}Z`);
  if (Number.isNaN(instant)) throw new AwsError('ValidationException', `Invalid Schedule Expression ${expression}.`);
  return { kind: 'at', at: instant };
}
