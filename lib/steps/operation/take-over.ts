import { z } from 'zod';
import type { OperationKind } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { leaseSeconds } from '../../domain/phase.ts';
import type { Context, Services } from '../services.ts';

/** Asks for the undo of an operation whose execution was stopped: `{"plan": "shop", "undo": "failover-1234"}`. */
const undoInputSchema = z.strictObject({ plan: z.string(), undo: z.string() });

export type TakenOver = Context & {
  readonly undo: true;
  /** As a state machine's catch would have noted it. */
  readonly failure: { readonly Error: string; readonly Cause: string };
};

/** Whether an input asks for an undo instead of a new operation. */
export function asksForUndo(input: unknown): input is z.infer<typeof undoInputSchema> {
  return undoInputSchema.safeParse(input).success;
}

/**
 * Takes over an operation whose execution ended without closing it, under the next epoch, so that it can be undone.
 * @throws Failure WrongPhase, OperationAlreadyRunning
 */
export async function takeOver(
  services: Services,
  kind: OperationKind,
  { plan, undo }: z.infer<typeof undoInputSchema>,
  execution: string,
): Promise<TakenOver> {
  const { catalogue } = services;
  const { name } = services.plan(plan);
  for (;;) {
    const state = await catalogue.state(name);
    const { lease } = state;
    if (lease?.operation !== undo || lease.kind !== kind)
      throw new Failure(
        'WrongPhase',
        `Cannot undo ${undo}: plan ${name} is ${lease === null ? 'held by no operation' : `held by ${lease.kind} ${lease.operation}`}. Nothing was changed.`,
      );
    const failure = { Error: 'Stopped', Cause: `Its execution ${lease.execution} was stopped before it had ended.` };
    if (lease.execution === execution) return { plan: name, operation: undo, epoch: state.epoch, undo: true, failure };
    if (await services.isRunning(lease.execution))
      throw new Failure(
        'OperationAlreadyRunning',
        `Cannot undo ${undo} of plan ${name}: its execution is running. Stop it first. Nothing was changed.`,
      );
    const until = new Date(services.now().getTime() + leaseSeconds * 1_000).toISOString();
    const epoch = state.epoch + 1;
    const isTaken = await catalogue.replaceState(
      { ...state, epoch, lease: { ...lease, execution, until } },
      state.epoch,
    );
    if (isTaken) return { plan: name, operation: undo, epoch, undo: true, failure };
  }
}
