import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { Plan } from '../lib/domain/plan.ts';
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
    points.length === 0
      ? 'no recovery point was sealed'
      : `${points.length} recovery points, each complete in the recovery Region after ${Math.round(Math.min(...rpo))} to ${Math.round(Math.max(...rpo))} s`,
    ...(failover === null
      ? []
      : [
          `failover ${failover.outcome} (${failover.trigger}): RTO ${minutes(failover.rtoSeconds)} from its start, RPO ${minutes(failover.rpoSeconds)} before its start, from ${failover.recoveryPoint ?? 'no point'}, ${failover.primaryCalls} calls answered by the primary Region`,
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

/** What a person must not overlook: promises that this rehearsal saw broken, operations that failed, and targets of the plan that were missed. */
export function brokenPromises(plan: Plan, report: Report): string[] {
  const { operations, failback, interruptions, leftovers } = report;
  return [
    ...operations.flatMap(({ kind, status, cause }) =>
      status === 'SUCCEEDED' ? [] : [`${kind} ${status}: ${cause ?? ''}`],
    ),
    ...(failback?.volumes ?? []).flatMap(({ volume, blocksMoved, changedBlocks, contentMatches }) => [
      ...(contentMatches ? [] : [`I4: the content of ${volume} came home different`]),
      ...(blocksMoved === changedBlocks
        ? []
        : [`I4: ${volume} moved ${blocksMoved} blocks, ${changedBlocks} had changed`]),
    ]),
    ...leftovers.map((resource) => `I8: nobody answers for ${resource}`),
    ...interruptions.flatMap(({ from, until }) =>
      until === null ? [`users without service since ${from.slice(11, 19)}, to the end`] : [],
    ),
    ...missedTargets(plan, report),
  ];
}

function missedTargets(plan: Plan, { points, failover, failback }: Report): string[] {
  const targets: [name: string, actualSeconds: number | null | undefined, targetSeconds: number][] = [
    [
      'protection.rpoTarget, the time to seal a point',
      Math.max(0, ...points.map(({ rpoSeconds }) => rpoSeconds)),
      plan.protection.rpoTargetSeconds,
    ],
    [
      'protection.rpoTarget, the age of the point failed over to',
      failover?.rpoSeconds,
      plan.protection.rpoTargetSeconds,
    ],
    ['failover.rtoTarget', failover?.rtoSeconds, plan.failover.rtoTargetSeconds],
    ['failback.pauseLimit', failback?.pauseSeconds, plan.failback.pauseLimitSeconds],
  ];
  return targets.flatMap(([name, actual, target]) =>
    typeof actual === 'number' && actual > target
      ? [`${name}: ${minutes(actual)}, the plan says ${minutes(target)}`]
      : [],
  );
}
