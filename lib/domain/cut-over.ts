import { blocksPerSecondMax } from './blocks.ts';
import type { Operation } from './catalogue.ts';
import { phasesOf } from './evidence.ts';
import { launchesSeconds } from './pace.ts';
import type { PhaseTime } from './phase-times.ts';
import type { Plan } from './plan.ts';

/** One part of the pause of a cut-over; `measuredBy`: the operation that took so long for it, `null` where it is reckoned or assumed. */
export interface PausePart {
  readonly phase: string;
  readonly seconds: number;
  readonly measuredBy: string | null;
}

/** What the snapshots of a round take that nobody has measured. @source assumed */
export const snapshotSeconds = 60;
/** What each takes that nobody has measured yet. @source assumed */
const stopSeconds = 60;
const rebuildSeconds = 60;
const startSeconds = 60;
const bootSeconds = 120;
const recordsSeconds = 60;

const startOf = (wave: number | string) => `start of wave ${wave} at home`;
const healthOf = (wave: number | string) => `health of wave ${wave} at home`;
const phaseNames: Readonly<Record<string, string>> = {
  'stopping recovery': 'stop of recovery',
  'rebuilding volumes': 'rebuild of volumes',
  'switching traffic': 'traffic home',
};

/**
 * What a failback that is about to commit took for each part of its pause, as of `until`; what people took to answer is none of it. Of the last round
 * the blocks of the largest volume are taken off, since they are reckoned: the rest is snapshots.
 */
export function measuredPause(
  operation: Pick<Operation, 'plan' | 'id' | 'startedAt' | 'progressed' | 'rounds'>,
  until: string,
): PhaseTime[] {
  const { plan, id, rounds } = operation;
  const last = rounds.find(({ isFinal }) => isFinal);
  const lastBlocks = last?.largestBlocks ?? last?.blocksMoved ?? 0;
  const seconds = new Map<string, number>();
  for (const { phase: progression, seconds: took } of phasesOf(operation, until)) {
    const phase = phaseOf(progression);
    if (phase !== undefined) seconds.set(phase, (seconds.get(phase) ?? 0) + took);
  }
  const took = seconds.get(lastSnapshots);
  if (took !== undefined) seconds.set(lastSnapshots, Math.max(0, took - lastBlocks / blocksPerSecondMax));
  return [...seconds].map(([phase, took]) => ({ plan, phase, seconds: took, operation: id }));
}

const lastSnapshots = 'last snapshots';

function phaseOf(progression: string): string | undefined {
  if (progression === 'final round') return lastSnapshots;
  const [, starting, wave] = /^(starting )?wave (\d+)$/.exec(progression) ?? [];
  if (wave === undefined) return phaseNames[progression];
  return starting === undefined ? healthOf(wave) : startOf(wave);
}

/**
 * How long nobody is served if the last round moves so many blocks of its largest volume, part by part: as it was measured in the last failback, the
 * health of a wave else as it was away, and what nobody has measured as it is assumed.
 */
export function predictPause(plan: Plan, measured: readonly PhaseTime[], blocksOfLargest: number): PausePart[] {
  const times = new Map(measured.map((time) => [time.phase, time]));
  const part = (phase: string, assumedSeconds: number, alike = phase): PausePart => {
    const time = times.get(phase) ?? times.get(alike);
    return time === undefined
      ? { phase, seconds: assumedSeconds, measuredBy: null }
      : { phase, seconds: time.seconds, measuredBy: time.operation };
  };
  const numbers = Object.values(plan.servers).map(({ wave }) => wave);
  const waves = [...new Set(numbers)]
    .toSorted((a, b) => a - b)
    .flatMap((wave) => {
      const servers = numbers.filter((number) => number === wave).length;
      return [
        part(startOf(wave), startSeconds + launchesSeconds(servers)),
        part(healthOf(wave), bootSeconds, `health of wave ${wave}`),
      ];
    });
  return [
    part('stop of recovery', stopSeconds),
    part(lastSnapshots, snapshotSeconds),
    { phase: 'last delta', seconds: Math.ceil(blocksOfLargest / blocksPerSecondMax), measuredBy: null },
    part('rebuild of volumes', rebuildSeconds),
    ...waves,
    ...(plan.traffic.length === 0 ? [] : [part('traffic home', recordsSeconds)]),
  ];
}

export function pauseSecondsOf(parts: readonly PausePart[]): number {
  return Math.ceil(parts.reduce((sum, { seconds }) => sum + seconds, 0));
}
