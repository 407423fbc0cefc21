import * as z from 'zod';
import type { HolderKind, Operation, OperationKind } from '../../domain/catalogue.ts';
import { newOperation } from '../../domain/new-items.ts';
import { changedFields, nextState } from '../../domain/phase.ts';
import type { Context, Services } from '../services.ts';
import { hasMember, parseInput, versionOf } from './open.ts';

/** Asks for the undo of an operation whose execution was stopped: `{"plan": "shop", "undo": "failover-1234"}`. */
const undoInputSchema = z.strictObject({
  plan: z.string(),
  undo: z.string().regex(/^(failover|failback)-[^\s\p{C}]{1,80}$/u, 'is not an operation like "failover-1234"'),
});

export type TakenOver = Context & {
  readonly undo: true;
  /** As a state machine's catch would have noted it. */
  readonly failure: { readonly Error: string; readonly Cause: string };
};

/** How a person asks for it, as the end of an advice. */
export function undoAgain({ plan, operation: undo }: Pick<Context, 'plan' | 'operation'>): string {
  return `undo it again: start its state machine with ${JSON.stringify({ plan, undo })}.`;
}

/** Whether an input asks for an undo instead of a new operation. */
export function asksForUndo(input: unknown): boolean {
  return hasMember(input, 'undo');
}

/** What an undo could not take back can be undone later, until another failover or failback has made something else of the plan. */
async function isLeftUndone(
  { catalogue }: Services,
  kind: HolderKind,
  operation: Operation | undefined,
): Promise<boolean> {
  if (operation?.outcome !== 'failed' || operation.kind !== kind) return false;
  const moves = await catalogue.moves(operation.plan);
  return moves.every(({ epoch }) => epoch <= operation.epoch);
}

/**
 * Takes over an operation whose execution ended without closing it, or whose undo failed, under the next epoch, so that it can be undone.
 * @throws Failure InvalidInput, UnknownPlan, WrongPhase, OperationAlreadyRunning
 */
export async function takeOver(
  services: Services,
  kind: HolderKind,
  input: unknown,
  execution: string,
): Promise<TakenOver> {
  const { plan, undo } = parseInput(kind, undoInputSchema, input, '{"plan": "shop", "undo": "failover-1234"}');
  const { catalogue } = services;
  const { name } = services.plan(plan);
  for (;;) {
    const state = await catalogue.state(name);
    const { lease } = state;
    const now = services.now();
    const isHolderRunning =
      lease !== null && lease.execution !== execution && (await services.isRunning(lease.execution));
    const known = await catalogue.operation(name, undo);
    const taken = nextState(state, {
      kind: 'take-over',
      isLeftUndone: lease?.operation !== undo && (await isLeftUndone(services, kind, known)),
      operationKind: kind,
      operation: undo,
      execution,
      now,
      isHolderRunning,
    });
    const { epoch } = taken;
    if (epoch !== state.epoch && !(await catalogue.claimState(name, changedFields(state, taken), state.epoch)))
      continue;
    return goOn(services, { plan: name, operation: undo, epoch }, kind, known);
  }
}

/** Another execution goes on with an operation that it has taken, and undoes it. */
export async function goOn(
  services: Services,
  context: Context,
  kind: OperationKind,
  known: Operation | undefined,
): Promise<TakenOver> {
  if (known?.outcome === 'failed')
    await services.catalogue.updateOperation(context, { outcome: 'running', cause: null, endedAt: null });
  await noteOperation(services, context, kind, 'undo');
  const { operation } = context;
  const failure = { Error: 'Stopped', Cause: `The execution of ${operation} was stopped before it had ended.` };
  return { ...context, undo: true, failure };
}

/** An execution may have ended between taking the plan and recording its operation. One that is recorded stays as it is. */
export async function noteOperation(
  services: Services,
  { plan, operation: id, epoch }: Context,
  kind: OperationKind,
  trigger: string,
): Promise<void> {
  const startedAt = services.now().toISOString();
  const planVersion = versionOf(services.plan(plan));
  const unnoted = { plan, id, kind, epoch, trigger, planVersion, recoveryPoint: null, startedAt };
  await services.catalogue.addOperation(newOperation(unnoted));
}
