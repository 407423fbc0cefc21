import type * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { stopPrimary } from '../failover/stop-primary.ts';
import { contextSchema, type Services } from '../services.ts';

export const fenceSchema = contextSchema.extend({ poll: pollSchema });

const stopSecondsMax = 600;

/**
 * Pays an owed fence and nothing else: the servers of the primary are stopped. What they hold stays as it is, for the failback that keeps and reports it.
 * @throws Failure FenceNotConfirmed
 */
export async function fence(services: Services, input: z.infer<typeof fenceSchema>): Promise<PollResult> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'paying the fence' }, services.now());
  const look = await stopPrimary(services, input, plan);
  const isPaid = look === 'confirmed';
  if (isPaid) {
    await services.catalogue.changeState(input, { kind: 'fence', status: 'confirmed', now: services.now() });
    await services.catalogue.addEvent(input.operation, services.now(), 'primary fence confirmed');
  }
  return nextPollWithin(input.poll, isPaid, services.now(), {
    withinSeconds: stopSecondsMax,
    overdue: () =>
      new Failure(
        'FenceNotConfirmed',
        `The servers of plan ${plan.name} in ${plan.primary.region} could not be stopped (${look}): they may be written to while recovery serves. Stop them by other means; it is tried again every half hour.`,
      ),
  });
}
