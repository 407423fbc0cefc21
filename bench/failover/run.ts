import type { Plan } from '../../lib/domain/plan.ts';
import { synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { fill, fleetPlan, fleetWorld, firstPoint } from '../fleet.ts';
import { type Bound, boundOf } from './bound.ts';
import { eventsOf, type HistorySizes, type Machine } from './history.ts';

export interface FailoverNumbers {
  readonly servers: number;
  readonly waves: number;
  /** Until users are led to the recovery servers. */
  readonly rtoSeconds: number;
  readonly bound: Bound;
  /** 1 is the bound. */
  readonly ratio: number;
  readonly throttledCalls: number;
  readonly calls: number;
  readonly history: HistorySizes;
  readonly wallSeconds: number;
}

/** Servers of a fleet, in waves of one size, launched in another Region while their own still answers. */
export async function failOver(servers: number, waves: number): Promise<FailoverNumbers> {
  const begun = process.hrtime.bigint();
  const plan = fleetPlan({ everyMinutes: 60, waves });
  const assembly = await synthesize([plan]);
  const world = fleetWorld(servers, waves);
  const stage = await Stage.open({ plan, world, seed: 1, assembly: assembly.directory, quietTurns });
  try {
    fill(stage);
    await firstPoint(stage);
    const { route53 } = stage.cloud.services(plan.recovery.region);
    route53.inSyncMs = { min: inSyncSeconds * 1_000, max: inSyncSeconds * 1_000 };
    await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
    const before = stage.cloud.record.calls.length;
    const execution = await stage.run('failover');
    if (execution.status !== 'SUCCEEDED') throw new Error(`the failover ended: ${execution.cause ?? execution.status}`);
    const calls = stage.cloud.record.calls.slice(before).filter(({ role }) => role !== undefined);
    const rtoSeconds = rtoOf(execution);
    const bound = boundOf(sizesOf(stage.plan), timingOf(stage));
    return {
      servers,
      waves,
      rtoSeconds,
      bound,
      ratio: rtoSeconds / bound.rtoSeconds,
      throttledCalls: calls.filter(({ error }) => error === 'RequestLimitExceeded').length,
      calls: calls.length,
      history: eventsOf(execution, machineOf(stage, execution)),
      wallSeconds: Number(process.hrtime.bigint() - begun) / 1e9,
    };
  } finally {
    stage.close();
    assembly.remove();
  }
}

const inSyncSeconds = 45;
/** A wave of many servers begins in as many turns of the event loop; with fewer, time would pass in the middle of it. */
const quietTurns = 400;

/** Users are led to the recovery servers when Route 53 has answered that all of its servers know, which is what the commit waits for. */
function rtoOf({ history, startedAt }: Execution): number {
  const commit = history.find(({ type, state }) => type === 'StateEntered' && state?.name === 'Commit');
  if (commit === undefined) throw new Error('the failover did not commit');
  return (commit.at - startedAt) / 1_000;
}

function machineOf({ states }: Stage, { machineArn }: Execution): Machine {
  const found = states.machines.find(({ arn }) => arn === machineArn);
  if (found === undefined) throw new Error(`${machineArn} is not deployed`);
  return found.definition as unknown as Machine;
}

function sizesOf({ servers }: Plan): number[] {
  const waves = Map.groupBy(Object.values(servers), ({ wave }) => wave);
  return [...waves.values()].map((of) => of.length);
}

function timingOf({ cloud, plan }: Stage) {
  const { timings } = cloud.services(plan.recovery.region).ec2.state;
  return {
    stopSeconds: cloud.services(plan.primary.region).ec2.state.timings.instanceStoppingMs / 1_000,
    imageSeconds: timings.imagePendingMs / 1_000,
    pendingSeconds: timings.instancePendingMs / 1_000,
    statusSeconds: timings.statusChecksMs / 1_000,
    serviceSeconds: timings.serviceStartMs / 1_000,
    inSyncSeconds,
  };
}
