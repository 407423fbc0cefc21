import * as z from 'zod';
import { hasCommands } from '../../domain/consistency.ts';
import { Failure } from '../../domain/failure.ts';
import type { Freeze } from '../../domain/freeze.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type Poll, pollingSeconds, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import { advanceThaw, endFreezes, leftFrozen, tellLeftFrozen } from './thawing.ts';

export const thawSchema = contextSchema.extend({
  /** Only this one; every server that the operation froze unless given. */
  server: z.string().optional(),
  /** The point of a run that freezes nothing more. */
  endedPoint: z.string().optional(),
  /** At the end of a run, whose outcome it is then. */
  isLast: z.boolean().optional(),
  poll: pollSchema,
});
type ThawInput = z.infer<typeof thawSchema>;

/** A command that no agent takes is given up by AWS after 90 s and sent again: three times, some more where it fails at once. */
const thawSecondsMax = 300;
/** A server is frozen meanwhile: looks come quickly at first. */
const quickLooks = 10;
const quickPauseSeconds = 2;

/**
 * Thaws what the operation froze, and looks until the servers say that they are thawed. When that takes too long people are told, and the
 * operation goes on: its snapshots are there. The last look at its end fails it. @throws Failure ThawFailed
 */
export async function thaw(services: Services, input: ThawInput): Promise<PollResult> {
  if (!hasCommands(services.plan(input.plan))) return nextPoll(input.poll, true, services.now());
  const plan = await services.planOf(input);
  const left = await advanceThaws(services, plan, input);
  const now = services.now();
  if (left.length === 0) return nextPoll(input.poll, true, now);
  if (pollingSeconds(input.poll, now) <= thawSecondsMax) return soon(input.poll, now);
  if (input.isLast === true) throw new Failure('ThawFailed', leftFrozen(plan, left));
  await tellLeftFrozen(services, plan, left);
  return nextPoll(input.poll, true, now);
}

async function advanceThaws(services: Services, plan: Plan, input: ThawInput): Promise<Freeze[]> {
  const { operation, endedPoint, server } = input;
  if (endedPoint !== undefined) return endFreezes(services, plan, { operation, point: endedPoint });
  const frozen = await stillFrozen(services, plan.name, operation);
  const wanted = frozen.filter((freeze) => server === undefined || server === freeze.server);
  const moved = await Promise.all(wanted.map((freeze) => advanceThaw(services, plan, freeze)));
  return moved.filter(({ thawedAt }) => thawedAt === null);
}

function soon(poll: Poll, now: Date): PollResult {
  const next = nextPoll(poll, false, now);
  return poll.polls < quickLooks ? { ...next, waitSeconds: quickPauseSeconds } : next;
}

/** Freezes of an operation that are not known to be over. */
export async function stillFrozen({ catalogue }: Services, plan: string, operation: string): Promise<Freeze[]> {
  const freezes = await catalogue.freezes(plan);
  return freezes.filter((freeze) => freeze.operation === operation && freeze.thawedAt === null);
}
