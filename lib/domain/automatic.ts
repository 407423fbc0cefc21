import * as z from 'zod';
import { name } from './fields.ts';
import { time } from './ids.ts';
import type { AutomaticFailover, Plan } from './plan.ts';

/** Whether alarms may start failovers of a plan: an item of the catalogue, `PLAN#<plan>` / `AUTOMATIC`. They may where there is none. */
export const automaticSwitchSchema = z
  .object({ plan: name, isOn: z.boolean(), since: time, by: z.string() })
  .readonly();
export type AutomaticSwitch = z.output<typeof automaticSwitchSchema>;

/**
 * An outage of which the signals of a plan told, and whether it was decided what it leads to: an item of the catalogue, `PLAN#<plan>` / `OUTAGE`. It is
 * over as soon as they do not suffice any more, or the plan's alarm changes; what they tell of next is another one.
 */
export const outageSchema = z
  .object({ plan: name, alarmSince: time, since: time, status: z.enum(['open', 'decided', 'over']) })
  .readonly();
export type Outage = z.output<typeof outageSchema>;

/** How often probes are asked, and heartbeats are counted. */
export const signalEverySeconds = 60;

export function isProbed({ failover }: Plan): boolean {
  return failover.automatic?.probes !== undefined;
}

/** Longer than stopped servers need to start, pass their checks, send heartbeats and answer probes. */
export const returnSeconds = 420;

/** After an operation that stopped servers, how long no alarm starts anything. */
export function coolDownOf({
  missingForSeconds,
  coolDownSeconds = missingForSeconds + returnSeconds,
}: Pick<AutomaticFailover, 'missingForSeconds' | 'coolDownSeconds'>): number {
  return coolDownSeconds;
}

/** What was measured of a signal; a metric tells nothing of a time in which there is no sample. */
export interface Measured {
  /** Of a probe the best answer of the stretch that its alarm looks back on, 1 or 0; of a heartbeat how many arrived in the newest minute in which one did. */
  readonly now: number | undefined;
  /** The greatest value of that stretch and of a day before it. */
  readonly best: number | undefined;
}

/**
 * What a signal says. `unproven`: it says that the primary is out, but has not been well for a day, so it may be wrong itself. `unknown`: nobody
 * asked, or too seldom to tell.
 */
export type SignalVerdict = 'well' | 'out' | 'unproven' | 'unknown';

export function judgeSignal(kind: 'heartbeat' | 'probe', { now, best = 0 }: Measured): SignalVerdict {
  // No heartbeat is what a heartbeat says; no answer of the prober says nothing of the server.
  if (now === undefined && kind === 'probe') return 'unknown';
  if ((now ?? 0) >= 1) return 'well';
  return best >= 1 ? 'out' : 'unproven';
}
