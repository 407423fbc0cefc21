import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { stopInstances } from '../../aws/instances.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { instancesOf } from '../waves/site.ts';

export const stopRecoverySchema = contextSchema.extend({ poll: pollSchema });

/** Stops what serves in the recovery Region: the cut-over pause begins, and nothing is written any more (I1). */
export async function stopRecovery(services: Services, input: z.infer<typeof stopRecoverySchema>): Promise<PollResult> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: 'stopping recovery' });
  const instances = [...(await instancesOf(services, input, 'recovery', Object.keys(plan.servers))).values()];
  await stopInstances(
    services.client(ec2Client, plan.recovery.region),
    instances.filter(({ state }) => state === 'running').map(({ id }) => id),
  );
  return nextPoll(
    input.poll,
    instances.every(({ state }) => state === 'stopped'),
    services.now(),
  );
}
