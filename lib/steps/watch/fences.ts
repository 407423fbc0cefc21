import * as z from 'zod';
import { sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { isTransient } from '../../domain/failure.ts';
import { fenceKindOf } from '../../domain/fence.ts';
import { environment } from '../../names.ts';
import { lookHome } from '../failback/look-home.ts';
import type { Services } from '../services.ts';
import { protectHome } from './protection.ts';

export const fencesSchema = z.object({ plan: z.string() });

/** `started`: the name of the execution that pays, or protects; `null` where nothing is owed, or nothing can be done now. */
export interface Payment {
  readonly started: string | null;
}

const nothing: Payment = { started: null };

/** A payment that ended without success is begun again after so long: somebody was told, and a failback may want the plan meanwhile. */
const againSeconds = 1_800;

/** Begins what a plan is owed and can be given now: the recovery point that it lacks since it came home, or its fence. */
export async function payOwed(services: Services, input: z.infer<typeof fencesSchema>): Promise<Payment> {
  const state = await services.catalogue.state(services.plan(input.plan).name);
  return state.phase === 'protected' ? protectHome(services, state) : payOwedFence(services, state);
}

/**
 * Pays an owed fence (I1): as soon as the primary Region answers again, the failback's state machine is started with `fenceOnly`, and nobody waits
 * for a failback. The first payment takes the plan from a run that brings home what changed; the next ones, after one that failed, wait for it.
 */
async function payOwedFence(
  services: Services,
  { plan: name, phase, fence, epoch, failover, lease }: PlanState,
): Promise<Payment> {
  const plan = services.plan(name);
  if (fenceKindOf(plan) === 'none') return nothing;
  if (phase !== 'recovered' || fence?.status !== 'owed' || failover === null) return nothing;
  const now = services.now();
  const moves = await services.catalogue.moves(name);
  const tries = moves.filter(({ extent, startedAt }) => extent === 'fence' && startedAt > fence.since);
  const again = now.getTime() - againSeconds * 1_000;
  if (tries.some(({ startedAt }) => Date.parse(startedAt) > again)) return nothing;
  if (tries.length > 0 && lease !== null) return nothing;
  const silence = await lookHome(services, await services.planOf({ plan: name, operation: failover }));
  // One that refuses answers too: that it cannot be fenced is to be told.
  if (silence !== undefined && isTransient(silence)) return nothing;
  const minute = now
    .toISOString()
    .slice(0, 16)
    .replaceAll(/[^0-9T]/g, '');
  const execution = await startExecution(services.client(sfnClient), {
    stateMachine: services.setting(environment.failbackMachineArn),
    name: `fence-${epoch}-${minute}-${name}`.slice(0, 80),
    input: JSON.stringify({ plan: name, fenceOnly: true, trigger: 'watch' }),
  });
  return { started: execution.split(':').at(-1) ?? '' };
}
