import { sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

/**
 * Protects a plan that has just come home: what it can be recovered from until then is as old as the failover. A protect run is started at once, by
 * deltas over the twins of the failback, and the schedule goes on after it. One that fails is left to the schedule: the name is used once.
 */
export async function protectHome(
  services: Services,
  { plan, commit, lease }: PlanState,
): Promise<{ started: string | null }> {
  const nothing = { started: null };
  if (lease !== null || commit?.startsWith('failback-') !== true) return nothing;
  const { catalogue } = services;
  const committedAt = (await catalogue.operation(plan, commit))?.committedAt ?? null;
  if (committedAt === null) return nothing;
  const newest = await catalogue.newestPointHeaders(plan);
  if (newest.some(({ startedAt }) => secondsBetween(committedAt, startedAt) > 0)) return nothing;
  const name = `home-${committedAt.replaceAll(/[^0-9T]/g, '')}-${plan}`;
  const stateMachine = services.setting(environment.protectMachineArn);
  const execution = await startExecution(services.client(sfnClient), {
    stateMachine,
    name,
    input: JSON.stringify({ plan }),
  });
  return { started: execution.split(':').at(-1) ?? '' };
}
