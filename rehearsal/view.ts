import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { Report } from './report.ts';
import type { Stage } from './stage.ts';
import type { Audience } from './story.ts';

/** One line per happening, for logs and pipes. */
export function plainView(print: (line: string) => void): Audience {
  return { say: (at, line) => print(`${clockOf(at)}  ${line}`), look: () => {} };
}

/** Redrawn at most so often, in real milliseconds: the story runs thousands of times faster than its clock. */
const redrawMs = 80;

/** Happenings scroll by; below them stands what is going on now. Call `end` to take the last picture away. */
export function liveView(stream: NodeJS.WriteStream): Audience & { end(): void } {
  const update = createLogUpdate(stream);
  let drawnAt = 0;
  return {
    say: (at, line) => update.persist(`${styleText('dim', clockOf(at))}  ${line}`),
    look(stage) {
      if (performance.now() - drawnAt < redrawMs) return;
      drawnAt = performance.now();
      update(pictureOf(stage));
    },
    end: () => update.clear(),
  };
}

function pictureOf(stage: Stage): string {
  const { plan, cloud, clock, states, workload } = stage;
  const light = (region: string) =>
    cloud.faults.isSilent(region) ? styleText('red', `● ${region} silent`) : styleText('green', `● ${region}`);
  const serving = workload.servingRegion();
  const running = states.executions
    .filter(({ status }) => status === 'RUNNING')
    .map((execution) => {
      const entered = execution.history.findLast(({ type }) => type === 'StateEntered')?.state?.name ?? '';
      return `  ${styleText('cyan', (stage.kindOf(execution) ?? '').padEnd(9))} ${entered}`;
    });
  return [
    '',
    `${styleText('bold', clockOf(new Date(clock.now())))}  ${light(plan.primary.region)}  ${light(plan.recovery.region)}`,
    `  users reach ${serving ?? styleText('red', 'nobody')}`,
    ...(running.length === 0 ? [styleText('dim', '  nothing is running')] : running),
  ].join('\n');
}

function clockOf(at: Date): string {
  return at.toISOString().slice(11, 19);
}

/** The measured outcome, for a person. */
export function summaryOf(report: Report): string[] {
  const { points, failover, failback, interruptions, leftovers } = report;
  const rpo = points.map(({ rpoSeconds }) => rpoSeconds);
  return [
    `${points.length} recovery points, each complete in the recovery Region after ${Math.round(Math.min(...rpo))} to ${Math.round(Math.max(...rpo))} s`,
    ...(failover === null
      ? []
      : [
          `failover ${failover.outcome} (${failover.trigger}): RTO ${minutes(failover.rtoSeconds)}, RPO ${minutes(failover.rpoSeconds)}, from ${failover.recoveryPoint ?? 'no point'}, ${failover.primaryCalls} calls answered by the primary Region`,
          ...failover.traffic.map(({ name, before, after }) => `  ${name}: ${before.join(', ')} → ${after.join(', ')}`),
        ]),
    ...(failback === null
      ? []
      : [
          `failback ${failback.outcome}: ${failback.rounds.length} rounds of changed blocks`,
          ...failback.volumes.map(
            ({ volume, totalBlocks, changedBlocks, blocksMoved, contentMatches }) =>
              `  ${volume}: ${blocksMoved} blocks moved, ${changedBlocks} changed, of ${totalBlocks}; content ${contentMatches ? 'matches' : 'DIFFERS'}`,
          ),
          ...failback.traffic.map(({ name, before, after }) => `  ${name}: ${before.join(', ')} → ${after.join(', ')}`),
        ]),
    ...interruptions.map(
      ({ from, until }) =>
        `users without service from ${from.slice(11, 19)} ${until === null ? 'to the end' : `for ${minutes((Date.parse(until) - Date.parse(from)) / 1_000)}`}`,
    ),
    leftovers.length === 0 ? 'nothing left over' : `left over: ${leftovers.join(', ')}`,
    `${minutes(report.virtualSeconds)} rehearsed in ${report.wallSeconds.toFixed(1)} s, seed ${report.seed}`,
  ];
}

function minutes(seconds: number | null): string {
  return seconds === null ? 'unknown' : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** What a person must not overlook: each line is a promise that this rehearsal saw broken. */
export function brokenPromises(report: Report): string[] {
  const { failover, failback, leftovers } = report;
  return [
    ...(failover !== null && failover.outcome !== 'succeeded' ? [`the failover ${failover.outcome}`] : []),
    ...(failback !== null && failback.outcome !== 'succeeded' ? [`the failback ${failback.outcome}`] : []),
    ...(failback?.volumes ?? []).flatMap(({ volume, blocksMoved, changedBlocks, contentMatches }) => [
      ...(contentMatches ? [] : [`I4: the content of ${volume} came home different`]),
      ...(blocksMoved === changedBlocks
        ? []
        : [`I4: ${volume} moved ${blocksMoved} blocks, ${changedBlocks} had changed`]),
    ]),
    ...leftovers.map((resource) => `I8: nobody answers for ${resource}`),
  ];
}
