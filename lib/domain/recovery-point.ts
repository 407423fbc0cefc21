import type { PointHeader } from './catalogue.ts';
import { Failure } from './failure.ts';

/** Which point to recover: the newest, the newest that a drill has verified, one by id, or the newest that started at or before a time. */
export type PointSelector = 'latest' | 'latest-verified' | { readonly id: string } | { readonly asOf: string };

/** Whether a point is available and its last server was captured at or before a time; the first one was at `startedAt`. */
export function isAsOf({ status, startedAt, skewSeconds }: PointHeader, asOf: string): boolean {
  return status === 'available' && Date.parse(startedAt) + (skewSeconds ?? 0) * 1_000 <= Date.parse(asOf);
}

/** Sorts by time because it begins with it: `rp-20260105T100000Z-<suffix>`. */
export function pointId(startedAt: Date, suffix: string): string {
  return `rp-${startedAt.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${suffix}`;
}

/** The time that the id of a point begins with, ISO 8601 with milliseconds: to the second. */
export function pointTime(id: string): string {
  const at = /^rp-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id);
  const [, year, month, day, hour, minute, second] = at ?? [];
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}

/**
 * Chooses the recovery point to launch from.
 * @throws Failure UnknownRecoveryPoint, RecoveryPointNotAvailable
 */
export function choosePoint(plan: string, points: readonly PointHeader[], selector: PointSelector): PointHeader {
  const available = points.filter((point) => point.status === 'available').toSorted((a, b) => a.id.localeCompare(b.id));
  const newest = available.at(-1);
  const possible =
    newest === undefined ? 'The plan has no available point.' : `The newest available point is ${newest.id}.`;
  if (selector === 'latest') {
    if (newest === undefined)
      throw new Failure(
        'RecoveryPointNotAvailable',
        `Cannot recover plan ${plan}: it has no available recovery point yet.`,
      );
    return newest;
  }
  if (selector === 'latest-verified') {
    const verified = available.filter(({ verifiedAt }) => verifiedAt !== undefined).at(-1);
    if (verified !== undefined) return verified;
    throw new Failure(
      'RecoveryPointNotAvailable',
      `No available recovery point of plan ${plan} was verified by a drill. ${possible}`,
    );
  }
  if ('asOf' in selector) {
    const at = available.filter((point) => isAsOf(point, selector.asOf)).at(-1);
    if (at !== undefined) return at;
    const oldest =
      available[0] === undefined ? '' : ` The oldest available point started at ${available[0].startedAt}.`;
    throw new Failure(
      'UnknownRecoveryPoint',
      `Plan ${plan} has no available recovery point as of ${selector.asOf}.${oldest} ${possible}`,
    );
  }
  const point = points.find(({ id }) => id === selector.id);
  if (point === undefined) {
    throw new Failure('UnknownRecoveryPoint', `Plan ${plan} has no recovery point ${selector.id}. ${possible}`);
  }
  if (point.status !== 'available') {
    throw new Failure(
      'RecoveryPointNotAvailable',
      `Recovery point ${point.id} of plan ${plan} is ${point.status}, not available. ${possible}`,
    );
  }
  return point;
}
