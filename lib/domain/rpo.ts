import type { Operation, PointHeader, PointServerItem, Twin } from './catalogue.ts';
import { isMissing } from './left-out.ts';
import { pointTime } from './recovery-point.ts';
import { lastTwins } from './twins.ts';

/** What would be lost if the Region where production runs were lost now, and what is being done about it. Ages in whole seconds. */
export interface Exposure {
  /** Age of the newest available point, while production is away of what came home last; `null` where there is none. */
  readonly rpoSeconds: number | null;
  /** Age of the image of each server in that point, or at home. */
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
  const ageSeconds = (startedAt: string) => ageOf(startedAt, now);
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
 * While production is away, what is at home protects it: as of when each server that is away came home last, by its oldest volume; before its first
 * round, since it began to serve.
 */
export function cameHomeAt(
  failover: Pick<Operation, 'epoch' | 'committedAt' | 'leftOut'>,
  servers: readonly string[],
  twins: readonly Twin[],
): Record<string, string> {
  const last = [...lastTwins(twins.filter(({ epoch }) => epoch > failover.epoch)).values()];
  const away = servers.filter((server) => !isMissing(failover, server));
  return Object.fromEntries(
    away.map((server) => {
      const ofServer = last.filter(({ volume }) => volume.startsWith(`${server}:`));
      const times = ofServer.map(({ madeAt }) => pointTime(madeAt)).toSorted();
      return [server, times[0] ?? failover.committedAt ?? ''];
    }),
  );
}

/** The exposure of a plan whose production is away. */
export function exposedAway(exposure: Exposure, cameHome: Readonly<Record<string, string>>, now: Date): Exposure {
  const ages = Object.entries(cameHome).map(([server, at]) => [server, ageOf(at, now)] as const);
  return {
    ...exposure,
    rpoSeconds: Math.max(0, ...ages.map(([, seconds]) => seconds)),
    rpoSecondsOf: Object.fromEntries(ages),
  };
}

function ageOf(at: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(at)) / 1_000));
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
