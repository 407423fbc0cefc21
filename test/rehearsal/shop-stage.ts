import { readFileSync } from 'node:fs';
import { inject } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { World, WorldServer } from '../../rehearsal/world.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';

/** The example plan. */
export const shop: Plan = (() => {
  const file = 'examples/shop.yaml';
  const reading = readPlanFile(file, readFileSync(file, 'utf8'));
  const plan = reading.kind === 'read' ? reading.value[0] : undefined;
  if (plan === undefined) throw new Error('the example plan must be right');
  return plan;
})();

function serverOf(instanceType: string, isEncrypted: boolean): WorldServer {
  const volume = { sizeGib: 8, writtenBlocks: 6, volumeType: 'gp3' };
  return {
    instanceType,
    volumes: { '/dev/xvda': { ...volume, isEncrypted: false }, '/dev/sdf': { ...volume, isEncrypted } },
  };
}

/** The shop's servers with a few blocks in each volume, and no story. */
export const smallShop: World = {
  servers: { db: serverOf('m7g.large', false), files: serverOf('m7i.large', true), web: serverOf('t3.medium', false) },
  events: [],
};

/** The example plan's template deployed beside its servers; nothing has been protected yet. Close it after the test. */
export function openShop(seed = 1): Promise<Stage> {
  return Stage.open({ plan: shop, world: smallShop, seed, assembly: inject('shopAssembly') });
}

/** What a person reads in the console of an ended execution. */
export function outcomeOf(execution: { status: string; error?: string; cause?: string }) {
  const cause = execution.cause ?? '';
  const isJson = cause.startsWith('{');
  const message = isJson ? (JSON.parse(cause) as { errorMessage: string }).errorMessage : cause;
  return { status: execution.status, error: execution.error, message };
}

/** Takes a recovery point now, between the runs that the schedule starts. */
export async function protectNow(stage: Stage): Promise<Execution> {
  await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
  const execution = await stage.run('protect');
  const isSkipped = (execution.output as { skipped?: boolean } | undefined)?.skipped === true;
  return isSkipped ? protectNow(stage) : execution;
}
