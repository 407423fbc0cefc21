import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { describeInstances } from '../../aws/instances.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import type { Plan } from '../../domain/plan.ts';
import { contextSchema, type Services } from '../services.ts';
import { stopServers } from '../waves/stop.ts';

export const fenceSchema = contextSchema.extend({ poll: pollSchema });

/** A primary that answers gets this long to stop its servers; a silent one is given up after the first look. */
const stopSecondsMax = 600;

type FenceLook = 'confirmed' | 'stopping' | 'silent';

/**
 * Makes sure that the primary cannot write (I1). When its Region does not answer, the fence is recorded as owed, and the plan
 * decides whether traffic may move all the same.
 * @throws Failure FenceNotConfirmed
 */
export async function fence(services: Services, input: z.infer<typeof fenceSchema>): Promise<PollResult> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: 'fencing' });
  const look = await stopPrimary(services, input, plan);
  const isOverdue = pollingSeconds(input.poll, services.now()) > stopSecondsMax;
  if (look === 'stopping' && !isOverdue) return nextPoll(input.poll, false, services.now());
  const status = look === 'confirmed' ? 'confirmed' : 'owed';
  if (status === 'owed' && plan.failover.whenFenceIsOwed === 'stop') {
    throw new Failure(
      'FenceNotConfirmed',
      `The servers of plan ${plan.name} in ${plan.primary.region} could not be stopped (${look}), and the plan does not accept an owed fence. Stop them by other means and start the failover again, or set failover.whenFenceIsOwed to proceed.`,
    );
  }
  await services.catalogue.updateState(input, {
    fence: { site: 'primary', status, since: services.now().toISOString() },
  });
  await services.catalogue.addEvent(input.operation, services.now(), `primary fence ${status}`);
  return nextPoll(input.poll, true, services.now());
}

/**
 * An instance that no longer exists cannot write. A Region that only throttles does answer, and is asked again.
 */
async function stopPrimary(services: Services, input: z.infer<typeof fenceSchema>, plan: Plan): Promise<FenceLook> {
  const ec2 = services.client(ec2Client, plan.primary.region);
  const ids = Object.values(plan.servers).map(({ instance }) => instance);
  try {
    const instances = await describeInstances(ec2, ids);
    await stopServers(services, input, plan.primary.region, instances);
    return instances.every(({ state }) => state === 'stopped' || state === 'terminated') ? 'confirmed' : 'stopping';
  } catch (error) {
    const isSilent = error instanceof Failure && error.code === 'AwsUnavailable';
    if (!isSilent) throw error;
    await services.catalogue.addEvent(input.operation, services.now(), `primary did not answer: ${error.message}`);
    return 'silent';
  }
}
