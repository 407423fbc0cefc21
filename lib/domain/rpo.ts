import type { PointHeader, PointServerItem } from './catalogue.ts';

/** What would be lost if the primary Region were lost now, and what is being done about it. Ages in whole seconds. */
export interface Exposure {
  /** Age of the newest available point; `null` where there is none. */
  readonly rpoSeconds: number | null;
  /** Age of the image of each server in that point. */
  readonly rpoSecondsOf: Readonly<Record<string, number>>;
  /** Age of the oldest point whose copies are under way; `null` where none is. */
  readonly copyAgeSeconds: number | null;
  readonly capturing: number;
  /** Points that failed since the newest available one. */
  readonly failed: number;
}

/**
 * @param points newest first, down to the newest available one
 * @param servers of that one
 */
export function exposureOf(
  points: readonly PointHeader[],
  servers: readonly Pick<PointServerItem, 'server' | 'startedAt'>[],
  now: Date,
): Exposure {
  const ageSeconds = (startedAt: string) => Math.max(0, Math.floor((now.getTime() - Date.parse(startedAt)) / 1_000));
  const available = points.find(({ status }) => status === 'available');
  const capturing = points.filter(({ status }) => status === 'capturing');
  return {
    rpoSeconds: available === undefined ? null : ageSeconds(available.startedAt),
    rpoSecondsOf: Object.fromEntries(servers.map(({ server, startedAt }) => [server, ageSeconds(startedAt)])),
    copyAgeSeconds:
      capturing.length === 0 ? null : Math.max(...capturing.map(({ startedAt }) => ageSeconds(startedAt))),
    capturing: capturing.length,
    failed: points.filter(({ status }) => status === 'failed').length,
  };
}

/**
 * How often a plan is measured, and the period of the alarms on it: whole minutes, 1 to 5, a fifteenth of the target. An alarm comes two
 * of them late at most, one until the next sample and one until its period is over; and each sample costs a call.
 */
export function measureEverySeconds(rpoTargetSeconds: number): number {
  return 60 * Math.min(5, Math.max(1, Math.floor(rpoTargetSeconds / 15 / 60)));
}

/**
 * How late a tick is when its run begins, in seconds; `null` for a run that no schedule began. Up to a minute is in time: EventBridge
 * Scheduler promises the minute, not the second. @source aws-facts [5.9]
 */
export function tickDelay(scheduledFor: string | undefined, now: Date): { seconds: number; isLate: boolean } | null {
  if (scheduledFor === undefined) return null;
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(scheduledFor)) / 1_000));
  return { seconds, isLate: seconds > punctualWithinSeconds };
}

const punctualWithinSeconds = 60;
