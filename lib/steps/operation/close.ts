import * as z from 'zod';
import { warningsOf } from '../../domain/left-out.ts';
import { nameOf } from '../../domain/operation-name.ts';
import { isDrill } from '../../domain/drill.ts';
import { evidenceAddress, isEvidenced } from '../../domain/evidence.ts';
import { describeFailure, Failure } from '../../domain/failure.ts';
import { homeLines } from '../../domain/homes.ts';
import { keptLine, keptReturns, untilWords } from '../../domain/kept.ts';
import { outcomeOf, staleMessage } from '../../domain/phase.ts';
import { environment } from '../../names.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
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
  const cause = hasEnded ? operation.cause : await causeOf(services, input);
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

/** A Distributed Map does not say what its items failed of; their transfers do. */
async function causeOf(services: Services, input: z.infer<typeof closeSchema>): Promise<string | null> {
  const { failure, undoing } = input;
  if (failure === undefined) return null;
  const first = await firstCause(services, input, failure);
  return undoing === undefined
    ? first
    : `${first} The undo failed too: ${describeFailure(undoing.Error, undoing.Cause)}`;
}

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
