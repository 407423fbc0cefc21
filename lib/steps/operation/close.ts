import * as z from 'zod';
import { warningsOf } from '../../domain/left-out.ts';
import { nameOf } from '../../domain/operation-name.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { isDrill } from '../../domain/drill.ts';
import { evidenceAddress, isEvidenced } from '../../domain/evidence.ts';
import { describeFailure, Failure } from '../../domain/failure.ts';
import { homeLines } from '../../domain/homes.ts';
import { keptLine, keptReturns, untilWords } from '../../domain/kept.ts';
import { outcomeOf, staleMessage } from '../../domain/phase.ts';
import { switchWords, unturnedWords } from '../../domain/traffic-words.ts';
import { environment } from '../../names.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { undoAgain } from './take-over.ts';
import { tell } from './tell.ts';

export const failureSchema = z.object({ Error: z.string().optional(), Cause: z.string().optional() });
export const closeSchema = contextSchema.extend({
  outcome: z.enum(['succeeded', 'rolled-back', 'failed']),
  failure: failureSchema.optional(),
  /** Of the undo, where that failed too. */
  undoing: failureSchema.optional(),
});

/**
 * Ends an operation (I11): outcome recorded, lease released, and somebody told. What has committed has succeeded, whatever failed
 * after that. What has ended keeps its outcome: a redriven execution only finds that it is too late. Its evidence is only noted as owed here:
 * `watch/evidence` writes it, and nothing waits for that.
 */
export async function close(services: Services, input: z.infer<typeof closeSchema>): Promise<{ outcome: string }> {
  const { catalogue } = services;
  const operation = await catalogue.operationOf(input);
  const state = await catalogue.state(input.plan);
  const hasEnded = operation.outcome !== 'running';
  const outcome = hasEnded ? operation.outcome : outcomeOf(state, input.operation, input.outcome);
  const cause = hasEnded ? operation.cause : await causeOf(services, { ...input, outcome }, operation);
  const endedAt = operation.endedAt ?? services.now().toISOString();
  // First: an operation that has ended is never without evidence and without this note.
  if (isEvidenced(operation))
    await catalogue.oweEvidence({ plan: input.plan, operation: input.operation, since: endedAt, isTold: false });
  await catalogue.progress(input, { outcome, cause, endedAt, progression: 'closed' }, new Date(endedAt));
  const hasFenced = Object.keys({ ...operation.stopped, ...operation.isolated }).length > 0;
  await release(services, input, hasFenced ? endedAt : null);
  const isNews = operation.kind !== 'protect' || outcome !== 'succeeded';
  if (isNews) {
    const subject = `Homeward: ${nameOf(operation)} of plan ${input.plan} ${outcome}`;
    const text = [
      `Operation ${input.operation} ended: ${outcome}.`,
      ...(cause === null ? [] : [`Cause: ${cause}`]),
      ...warningsOf(operation).map((warning) => `Warning: ${warning}`),
      ...(state.commit === input.operation ? homeLines(operation, state.homes) : []),
      ...keptLine({ ...operation, outcome }),
      ...(await keptUntilLine(services, input)),
      ...(isEvidenced(operation)
        ? [`Evidence: ${evidenceAddress(services.setting(environment.evidenceBucket), operation)}`]
        : []),
    ].join('\n');
    await tell(services, subject, text);
  }
  return { outcome };
}

/** Of a failback or accept: until when what stays by now is kept. */
async function keptUntilLine(services: Services, { plan, operation }: Context): Promise<string[]> {
  if (!/^(failback|accept)-/.test(operation)) return [];
  const returns = keptReturns(await services.catalogue.moves(plan));
  return returns.length === 0 ? [] : [`${untilWords(services.plan(plan), returns)}.`];
}

/** A plan that another operation has taken, or that is free already, is left as it is. */
async function release(services: Services, context: Context, stoppedServersAt: string | null): Promise<void> {
  if (isDrill(context.operation)) return services.catalogue.leaveDrillSeat(context);
  try {
    await services.catalogue.changeState(context, { kind: 'close', stoppedServersAt });
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'StaleEpoch')) throw error;
  }
}

/** Failures of an undo that give that advice themselves, or leave nothing to undo: another operation has the plan. */
const saysWhatNext = new Set(['UndoFailed', 'StaleEpoch']);

/** With what a person has to do where an undo failed: what has committed is not undone, and only what is left of it is done by hand. */
async function causeOf(
  services: Services,
  input: Omit<z.infer<typeof closeSchema>, 'outcome'> & Pick<Operation, 'outcome'>,
  operation: Operation,
): Promise<string | null> {
  const { failure, undoing } = input;
  if (failure === undefined) return null;
  const first = await firstCause(services, input, failure);
  if (undoing === undefined) return first;
  const second = describeFailure(undoing.Error, undoing.Cause);
  if (input.outcome === 'succeeded') {
    const unturned = unturnedWords(operation.controls);
    const byHand = unturned === undefined ? '' : ` Its servers serve: leave them, and turn by hand ${unturned}.`;
    return `${first} It is final, and what was left to do failed too: ${second}${byHand}`;
  }
  const switched = switchWords(operation);
  return [
    first,
    `The undo failed too: ${second}`,
    ...(switched === undefined ? [] : [`Look where users are led; it was to switch ${switched}.`]),
    ...(saysWhatNext.has(undoing.Error ?? '') ? [] : [`When the cause is gone, ${undoAgain(input)}`]),
  ].join(' ');
}

/** A Distributed Map does not say what its items failed of; their transfers do. */
async function firstCause(
  services: Services,
  context: Context,
  failure: z.infer<typeof failureSchema>,
): Promise<string> {
  if (failure.Error !== 'States.ExceedToleratedFailureThreshold') return describeFailure(failure.Error, failure.Cause);
  const failed = (await services.catalogue.transfers(context.operation)).filter(
    ({ failure: why }) => why !== undefined,
  );
  if (failed.length > 0) return failed.map((transfer) => transfer.failure).join('; ');
  const state = await services.catalogue.state(context.plan);
  return state.epoch === context.epoch || isDrill(context.operation)
    ? describeFailure(failure.Error, failure.Cause)
    : staleMessage(state, context);
}
