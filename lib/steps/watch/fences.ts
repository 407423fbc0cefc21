import { z } from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ec2Client, sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import { describeInstances } from '../../aws/instances.ts';
import type { Plan } from '../../domain/plan.ts';
import { isTransient } from '../../domain/failure.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

export const fencesSchema = z.object({});

/** A payment that ended without success is begun again after so long: somebody was told, and a failback may want the plan meanwhile. */
const againSeconds = 1_800;

/**
 * Pays owed fences (I1): as soon as a primary Region answers again, the failback's state machine is started with `fenceOnly` for each of its plans
 * that owes one, and nobody waits for a failback. Plans that an operation holds are left to it. A plan that cannot be looked at holds up no other one.
 * @throws Failure of the first plan that could not be looked at, when the others have been
 */
export async function payOwedFences(services: Services): Promise<{ started: string[] }> {
  const started: string[] = [];
  const failures: unknown[] = [];
  for (const plan of services.plans()) {
    try {
      started.push(...(await pay(services, plan)));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { started };
}

async function pay(services: Services, { name, primary }: Plan): Promise<string[]> {
  const { phase, fence, epoch, failover } = await services.catalogue.state(name);
  if (phase !== 'recovered' || fence?.status !== 'owed' || failover === null) return [];
  const now = services.now();
  const since = Math.max(Date.parse(fence.since), now.getTime() - againSeconds * 1_000);
  const moves = await services.catalogue.moves(name);
  if (moves.some(({ extent, startedAt }) => extent === 'fence' && Date.parse(startedAt) > since)) return [];
  const { servers } = await services.planOf({ plan: name, operation: failover });
  const instances = Object.values(servers).map(({ instance }) => instance);
  if (!(await answers(services, primary.region, instances))) return [];
  const minute = now
    .toISOString()
    .slice(0, 16)
    .replaceAll(/[^0-9T]/g, '');
  const execution = await startExecution(services.client(sfnClient), {
    stateMachine: services.setting(environment.failbackMachineArn),
    name: `fence-${epoch}-${minute}-${name}`.slice(0, 80),
    input: JSON.stringify({ plan: name, fenceOnly: true, trigger: 'watch' }),
  });
  return [execution.split(':').at(-1) ?? ''];
}

/** One that refuses answers too: that it cannot be fenced is to be told. */
async function answers(services: Services, region: string, instances: readonly string[]): Promise<boolean> {
  try {
    await describeInstances(services.client(ec2Client, region), instances);
    return true;
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    return error.code !== 'AwsUnavailable' && !isTransient(error);
  }
}
