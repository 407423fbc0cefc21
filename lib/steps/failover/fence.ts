import type * as z from 'zod';
import type { Fence, Operation } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { fencedAs, fenceKindOf } from '../../domain/fence.ts';
import { nextPromptPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import type { Plan } from '../../domain/plan.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import { fencedWord, fencePrimary } from './fence-primary.ts';

export const fenceSchema = contextSchema.extend({ poll: pollSchema });

/** A primary that answers gets this long to stop or isolate its servers; a silent one is given up after the first look. */
const fenceSecondsMax = 600;

/**
 * Makes sure that the primary cannot write (I1), in the way that the plan says; a planned failover captures its servers, and always stops them. Where that
 * cannot be confirmed, because its Region is silent, refuses, or does not do it in time, the fence is recorded as owed, and the plan decides whether traffic
 * may move all the same. Nothing that the primary answers keeps a failover from going on (I9).
 * @throws Failure FenceNotConfirmed
 */
export async function fence(services: Services, input: z.infer<typeof fenceSchema>): Promise<MayAsk> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'fencing' }, services.now());
  const operation = await services.catalogue.operationOf(input);
  const kind = operation.isPlanned === true ? 'stop' : fenceKindOf(plan);
  if (kind === 'none') return fenced(services, input, fencedAs.none);
  const look = await fencePrimary(services, input, plan, kind);
  const isOverdue = pollingSeconds(input.poll, services.now()) > fenceSecondsMax;
  if (look === 'under way' && !isOverdue) return nextPromptPoll(input.poll, false, services.now());
  const status = look === 'confirmed' ? fencedAs[kind] : 'owed';
  const trouble = `The servers of plan ${plan.name} in ${plan.primary.region} could not be ${fencedWord[kind]} (${look})`;
  const why = status === 'owed' ? whyNotOwed(plan, operation) : undefined;
  if (why !== undefined) throw new Failure('FenceNotConfirmed', `${trouble}, and ${why}`);
  const asking = await askFirst(services, input, {
    key: 'owed-fence',
    text: `${trouble}: they may write while recovery serves. Shall the failover go on?`,
    rule: status === 'owed' ? plan.failover.questions?.owedFence : undefined,
    mayWait: true,
  });
  return asking ?? fenced(services, input, status);
}

async function fenced(
  services: Services,
  input: z.infer<typeof fenceSchema>,
  status: Fence['status'],
): Promise<PollResult> {
  await services.catalogue.changeState(input, { kind: 'fence', status, now: services.now() });
  await services.catalogue.addEvent(input.operation, services.now(), `primary fence ${status}`);
  return nextPromptPoll(input.poll, true, services.now());
}

/** Why the operation may not go on with an owed fence; `undefined` where it may. */
function whyNotOwed(plan: Plan, { isPlanned }: Operation): string | undefined {
  if (isPlanned === true)
    return 'a planned failover captures stopped servers. Stop them by other means and start it again, or start a failover that is not planned.';
  if (plan.failover.whenFenceIsOwed !== 'stop') return undefined;
  return 'the plan does not accept an owed fence. Stop them by other means and start the failover again, or set failover.whenFenceIsOwed to proceed or ask.';
}
