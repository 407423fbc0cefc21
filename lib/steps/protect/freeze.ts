import * as z from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ssmClient } from '../../aws/clients.ts';
import { type CommandState, readCommand, sendScript } from '../../aws/commands.ts';
import { freezeScript, isHolding } from '../../domain/consistency.ts';
import { Failure, isTransient } from '../../domain/failure.ts';
import { type Freeze, newFreeze } from '../../domain/freeze.ts';
import type { Consistency, Plan } from '../../domain/plan.ts';
import { nextPoll, pollingSeconds, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { advanceThaw } from './thawing.ts';

export const freezeStepSchema = contextSchema.extend({ point: z.string(), server: z.string(), poll: pollSchema });
type FreezeInput = z.infer<typeof freezeStepSchema>;

/** Between two looks: once frozen, the server waits for the next one. */
const lookPauseSeconds = 2;

/** `isFrozen` once done: whether the snapshots of the server can be begun as those of a frozen one. */
export type FreezeResult = PollResult & { readonly isFrozen: boolean };

type Look = { readonly kind: 'frozen' | 'under-way' } | { readonly kind: 'not-frozen'; readonly reason: string };

/**
 * Freezes one server by the commands of its plan. What it asks for is noted first, so that whoever comes after it knows what to thaw. Where the
 * server is not frozen in time, its point is only crash-consistent, or the run ends, as the plan says.
 * @throws Failure FreezeFailed
 */
export async function freeze(services: Services, input: FreezeInput): Promise<FreezeResult> {
  const plan = await services.planOf(input);
  const { consistency, instance } = plan.servers[input.server] ?? {};
  if (consistency === undefined || instance === undefined)
    throw new Failure('InvalidInput', `Plan ${plan.name} has no commands for a server ${input.server}.`);
  await services.proveEpoch(input);
  const look = await lookAt(services, plan, { input, consistency, instance });
  const now = services.now();
  const isDone = look.kind !== 'under-way';
  const next = {
    ...nextPoll(input.poll, isDone, now),
    waitSeconds: lookPauseSeconds,
    isFrozen: look.kind === 'frozen',
  };
  if (look.kind !== 'not-frozen') return next;
  const what = `Server ${input.server} (${instance}) of plan ${plan.name} was not frozen: ${look.reason}.`;
  if (consistency.onFailure === 'fail')
    throw new Failure(
      'FreezeFailed',
      `${what} Its plan wants no point without. Correct its commands or the Systems Manager agent of the server; the next point starts anew.`,
    );
  await services.catalogue.addEvent(input.operation, now, `${what} It is captured crash-consistent.`);
  return next;
}

interface Wanted {
  readonly input: FreezeInput;
  readonly consistency: Consistency;
  readonly instance: string;
}

async function lookAt(services: Services, plan: Plan, wanted: Wanted): Promise<Look> {
  const { input, consistency } = wanted;
  const { catalogue } = services;
  const known = await catalogue.freeze(plan.name, input.server);
  if (known?.operation === input.operation) return advanceFreeze(services, plan, wanted, known);
  const isFree = known === undefined || (await advanceThaw(services, plan, known)).thawedAt !== null;
  if (!isFree)
    return pollingSeconds(input.poll, services.now()) < consistency.withinSeconds
      ? { kind: 'under-way' }
      : { kind: 'not-frozen', reason: `it is not known to be thawed since ${known.point}` };
  const { server, operation, point } = input;
  const of = { plan: plan.name, server, operation, point, instance: wanted.instance };
  const claimed = newFreeze(of, services.now(), consistency.withinSeconds);
  const isMine = await catalogue.claimFreeze(claimed, known);
  if (!isMine) return { kind: 'under-way' };
  const look = await advanceFreeze(services, plan, wanted, claimed);
  // Refused at the first call: nothing was sent, so there is nothing to thaw.
  if (look.kind === 'not-frozen')
    await catalogue.updateFreeze(claimed, { thawRequestedAt: claimed.requestedAt, thawedAt: claimed.requestedAt });
  return look;
}

/** What Systems Manager refuses or does not answer is no failure of the run: the plan says what becomes of it. */
async function advanceFreeze(services: Services, plan: Plan, wanted: Wanted, freezing: Freeze): Promise<Look> {
  if (freezing.thawRequestedAt !== null) return { kind: 'not-frozen', reason: 'it was thawed before it was captured' };
  if (freezing.frozenAt === null && !isInTime(freezing, services.now()))
    return { kind: 'not-frozen', reason: `its commands did not end within ${wanted.consistency.withinSeconds} s` };
  let answer: Answer;
  try {
    answer = await askServer(services, plan, wanted, freezing);
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    const { message: reason } = error;
    return isTransient(error) ? { kind: 'under-way' } : { kind: 'not-frozen', reason };
  }
  return noteAnswer(services, wanted, freezing, answer);
}

type Answer = CommandState | { readonly kind: 'sent'; readonly command: string };

async function askServer(services: Services, plan: Plan, wanted: Wanted, freezing: Freeze): Promise<Answer> {
  const { instance, server, point, command, frozenAt } = freezing;
  const ssm = services.client(ssmClient, plan.primary.region);
  if (frozenAt !== null) return { kind: 'succeeded' };
  if (command !== null) return readCommand(ssm, command, instance);
  const sent = await sendScript(ssm, {
    instance,
    lines: freezeScript(point, wanted.consistency),
    comment: `Homeward: freeze ${server} for ${point}`,
    runSecondsMax: wanted.consistency.withinSeconds,
  });
  return { kind: 'sent', command: sent };
}

/** What fails from here on is the catalogue, which ends the run: the server may be frozen by now. */
async function noteAnswer(
  { catalogue, now }: Services,
  { consistency }: Wanted,
  freezing: Freeze,
  answer: Answer,
): Promise<Look> {
  if (answer.kind === 'sent') await catalogue.updateFreeze(freezing, { command: answer.command });
  if (answer.kind === 'sent' || answer.kind === 'under-way') return { kind: 'under-way' };
  if (answer.kind !== 'succeeded') return { kind: 'not-frozen', reason: answer.reason };
  const frozen = { ...freezing, frozenAt: freezing.frozenAt ?? now().toISOString() };
  if (freezing.frozenAt === null) await catalogue.updateFreeze(freezing, { frozenAt: frozen.frozenAt });
  if (isHolding(frozen, now())) return { kind: 'frozen' };
  return { kind: 'not-frozen', reason: `too little of its ${consistency.withinSeconds} s was left` };
}

/** Whether it could still hold if it were frozen now. */
function isInTime(freezing: Freeze, now: Date): boolean {
  return isHolding({ ...freezing, frozenAt: now.toISOString() }, now);
}
