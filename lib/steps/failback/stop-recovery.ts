import type { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { instancesOf } from '../waves/site.ts';
import { stopServers } from '../waves/stop.ts';

export const stopRecoverySchema = contextSchema.extend({ poll: pollSchema });

const stopSecondsMax = 900;

/** Stops what serves in the recovery Region: the cut-over pause begins, and nothing is written any more (I1). */
export async function stopRecovery(services: Services, input: z.infer<typeof stopRecoverySchema>): Promise<PollResult> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: 'stopping recovery' });
  const instances = [...(await instancesOf(services, input, 'recovery', Object.keys(plan.servers))).values()];
  await stopServers(services, input, plan.recovery.region, instances);
  const isStopped = instances.every(({ state }) => state === 'stopped' || state === 'terminated');
  return nextPollWithin(input.poll, isStopped, services.now(), {
    withinSeconds: stopSecondsMax,
    overdue: () =>
      new Failure(
        'FenceNotConfirmed',
        `The servers of plan ${plan.name} in ${plan.recovery.region} did not stop within ${stopSecondsMax} s, so nothing is brought home. Stop them by hand, then start the failback again.`,
      ),
  });
}
