import { inject } from 'vitest';
import { shop, smallShop } from '../../proof/shop.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';

export { shop, smallShop };

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
