import type * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import { fencedAs, fenceKindOf } from '../../domain/fence.ts';
import { nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { fencedWord, fencePrimary } from '../failover/fence-primary.ts';
import { contextSchema, type Services } from '../services.ts';

export const fenceSchema = contextSchema.extend({ poll: pollSchema });

const fenceSecondsMax = 600;

/**
 * Pays an owed fence and nothing else: the servers of the primary are stopped or isolated, as the plan says. What they hold stays as it is, for the failback
 * that keeps and reports it.
 * @throws Failure FenceNotConfirmed
 */
export async function fence(services: Services, input: z.infer<typeof fenceSchema>): Promise<PollResult> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'paying the fence' }, services.now());
  // One that is asked for by hand, of a plan that has nobody fence, was refused when it opened.
  const kind = fenceKindOf(plan) === 'isolate' ? 'isolate' : 'stop';
  const look = await fencePrimary(services, input, plan, kind);
  const isPaid = look === 'confirmed';
  if (isPaid) {
    const status = fencedAs[kind];
    await services.catalogue.changeState(input, { kind: 'fence', status, now: services.now() });
    await services.catalogue.addEvent(input.operation, services.now(), `primary fence ${status}`);
  }
  return nextPollWithin(input.poll, isPaid, services.now(), {
    withinSeconds: fenceSecondsMax,
    overdue: () =>
      new Failure(
        'FenceNotConfirmed',
        `The servers of plan ${plan.name} in ${plan.primary.region} could not be ${fencedWord[kind]} (${look}): they may be written to while recovery serves. Stop them by other means; it is tried again every half hour.`,
      ),
  });
}
