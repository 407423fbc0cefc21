import * as z from 'zod';
import type { Operation } from './catalogue.ts';
import { phasesOf } from './evidence.ts';
import { name } from './fields.ts';
import { operationIdSchema } from './ids.ts';
import { isOptional } from './left-out.ts';
import { launchesSeconds } from './pace.ts';
import type { Plan } from './plan.ts';
import { ledSeconds, ledTimes } from './traffic.ts';

/**
 * How long a phase took when a failover or drill of the plan last went through it: an item of the catalogue, `PLAN#<plan>` / `MEASURED#<phase>`.
 * Operations have no order in the table by their time, and reading all of them would cost more each year. It is written without being read:
 * what has become of it is no reason for a failover to fail.
 */
export const phaseTimeSchema = z
  .object({ plan: name, phase: z.string(), seconds: z.number().nonnegative(), operation: operationIdSchema })
  .readonly();
export type PhaseTime = z.output<typeof phaseTimeSchema>;

/** One phase of the failover that is predicted; `measuredBy`: the operation that took so long for it, `null` where none has and it is assumed. */
export const predictedPhaseSchema = z
  .object({ phase: z.string(), seconds: z.number().nonnegative(), measuredBy: operationIdSchema.nullable() })
  .readonly();

export interface Prediction {
  /** `null` while nobody has seen the plan's servers become healthy: a sum of assumptions alone would alarm, or calm, for no reason. */
  readonly rtoSeconds: number | null;
  readonly rtoPhases: readonly z.output<typeof predictedPhaseSchema>[];
}

/** Open, the choice of a point, and some ten reads. */
const preflightSeconds = 30;

/** Servers stop within a minute or two; a silent Region is given up after the first look. @source assumed */
const fenceSeconds = 120;

/** A server runs within a minute or so of being asked for, behind those whose turn is before it. @source assumed */
const launchSeconds = 60;

/** Records that were changed answer everywhere by then. @source aws-facts [4.2] */
const syncSeconds = 60;

/**
 * What an operation that got its servers healthy took for each phase, up to `until`. What people took to answer belongs to none, nor does a
 * planned failover's way to its point, behind servers that are stopped in order: a disaster leaves no time for that.
 */
export function measuredPhases(
  operation: Pick<Operation, 'plan' | 'id' | 'startedAt' | 'progressed' | 'isPlanned'>,
  until: string,
): PhaseTime[] {
  const seconds = new Map<string, number>();
  for (const { phase: progression, seconds: took } of phasesOf(operation, until)) {
    const phase = phaseOf(progression);
    if (phase === undefined || (phase === 'fence' && operation.isPlanned === true)) continue;
    seconds.set(phase, (seconds.get(phase) ?? 0) + took);
  }
  const { plan, id } = operation;
  return [...seconds].map(([phase, took]) => ({ plan, phase, seconds: took, operation: id }));
}

const phaseNames: Readonly<Record<string, string>> = {
  opened: 'preflight',
  preflight: 'preflight',
  // The images are registered meanwhile.
  fencing: 'fence',
  'switching traffic': 'traffic',
};

function phaseOf(progression: string): string | undefined {
  const [, launching, wave] = /^(launching )?wave (\d+)$/.exec(progression) ?? [];
  if (wave === undefined) return phaseNames[progression];
  return launching === undefined ? healthOf(wave) : launchOf(wave);
}

const launchOf = (wave: number | string) => `launch of wave ${wave}`;
const healthOf = (wave: number | string) => `health of wave ${wave}`;

/**
 * How long a failover that is not planned would take: each phase as it was measured last, else as is assumed of it. What took less than it can take
 * now was measured of another plan: of one with fewer servers, or without failover pairs.
 */
export function predictRto(plan: Plan, measured: readonly PhaseTime[]): Prediction {
  const times = new Map(measured.map((time) => [time.phase, time]));
  const rtoPhases = assumedPhases(plan).map(({ phase, seconds, atLeast = 0 }) => {
    const last = times.get(phase);
    return last === undefined || last.seconds < atLeast
      ? { phase, seconds, measuredBy: null }
      : { phase, seconds: last.seconds, measuredBy: last.operation };
  });
  const isSeen = wavesOf(plan).some((wave) => times.has(healthOf(wave)));
  const rtoSeconds = isSeen ? rtoPhases.reduce((sum, { seconds }) => sum + seconds, 0) : null;
  return { rtoSeconds, rtoPhases };
}

function wavesOf({ servers }: Plan): number[] {
  return [...new Set(Object.values(servers).map(({ wave }) => wave))].toSorted((a, b) => a - b);
}

interface AssumedPhase {
  readonly phase: string;
  readonly seconds: number;
  /** What it takes by the plan as it is now, however fast AWS is. */
  readonly atLeast?: number;
}

/** Every phase of the failover in its order. A wave that nobody has seen is given as long as the plan lets its required servers take. */
function assumedPhases(plan: Plan): AssumedPhase[] {
  const waves = wavesOf(plan).flatMap((wave): AssumedPhase[] => {
    const servers = Object.entries(plan.servers).filter(([, server]) => server.wave === wave);
    const withinSeconds = servers
      .filter(([name]) => !isOptional(plan, name))
      .map(([, { health }]) => health.withinSeconds);
    const turns = launchesSeconds(servers.length);
    return [
      { phase: launchOf(wave), seconds: launchSeconds + turns, atLeast: turns },
      { phase: healthOf(wave), seconds: Math.max(0, ...withinSeconds) },
    ];
  });
  const led = ledTimes(plan) * ledSeconds;
  const traffic = { phase: 'traffic', seconds: syncSeconds + led, atLeast: led };
  return [
    { phase: 'preflight', seconds: preflightSeconds },
    { phase: 'fence', seconds: fenceSeconds },
    ...waves,
    ...(plan.traffic.length === 0 ? [] : [traffic]),
  ];
}
