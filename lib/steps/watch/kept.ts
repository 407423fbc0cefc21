import * as z from 'zod';
import { sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import { homeSince, isReprotected, keptReturns, keptUntil } from '../../domain/kept.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

export const keptWatchSchema = z.object({ plan: z.string() });

/** An accept that ended without success is begun again after so long: somebody was told, and may have to let something go first. */
const againSeconds = 86_400;

/**
 * Accepts in the plan's name what stays since it came home, once that has stayed as long as the plan says (I5): the failback's state machine is
 * started as a person would start it. A plan that an operation holds, or that has no point since it came home, is looked at again.
 */
export async function acceptDue(
  services: Services,
  input: z.infer<typeof keptWatchSchema>,
): Promise<{ started: string | null }> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  const { phase, lease, epoch } = await catalogue.state(plan.name);
  if (phase !== 'protected' || lease !== null) return { started: null };
  const returns = keptReturns(await catalogue.moves(plan.name));
  const until = keptUntil(plan, returns);
  const now = services.now();
  if (until === undefined || until > now) return { started: null };
  const since = Math.max(now.getTime() - againSeconds * 1_000, Date.parse(homeSince(returns)));
  const accepts = await catalogue.operationsOf(plan.name, 'accept');
  const isTried = accepts.some(({ extent, startedAt }) => extent === undefined && Date.parse(startedAt) > since);
  if (isTried || !isReprotected(returns, await catalogue.newestAvailable(plan.name))) return { started: null };
  const execution = await startExecution(services.client(sfnClient), {
    stateMachine: services.setting(environment.failbackMachineArn),
    name: `accept-${epoch}-${plan.name}`,
    input: JSON.stringify({ plan: plan.name, accept: true, trigger: 'watch' }),
  });
  return { started: execution.split(':').at(-1) ?? '' };
}
