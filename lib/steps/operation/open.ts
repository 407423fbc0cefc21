import { z } from 'zod';
import { newOperation, type OperationKind, type PlanState } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { decideOpen } from '../../domain/phase.ts';
import type { Plan } from '../../domain/plan.ts';
import { problemsOf } from '../entry.ts';
import type { Context, Services } from '../services.ts';

/** What the first state of every state machine is given: the input as typed by a person, and the execution's ARN. */
export const openSchema = z.object({ input: z.unknown(), execution: z.string() });

/**
 * Parses an operation's input; everything a person may have mistyped is named with what would be right (I12).
 * @throws Failure InvalidInput, UnknownPlan
 */
export function parseInput<Schema extends z.ZodType>(
  kind: OperationKind,
  schema: Schema,
  input: unknown,
  example: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Failure(
    'InvalidInput',
    `Cannot start ${kind}: ${problemsOf(parsed.error)}. A right input is ${example}. Nothing was changed.`,
  );
}

export interface Opening {
  readonly kind: OperationKind;
  readonly plan: Plan;
  readonly execution: string;
  readonly trigger: string;
  readonly recoveryPoint: string | null;
}

export type Opened =
  | { readonly kind: 'opened'; readonly context: Context }
  | { readonly kind: 'busy'; readonly failure: Failure };

/** Takes the plan for one operation: lease and next epoch in one conditional write (I6). Runs twice without harm. */
export async function openOperation(services: Services, opening: Opening): Promise<Opened> {
  const { catalogue } = services;
  const { kind, trigger, recoveryPoint, execution } = opening;
  const operation = operationId(kind, execution);
  const plan = opening.plan.name;
  for (;;) {
    const state = await stateOf(services, plan);
    const now = services.now();
    const decision = decideOpen(state, { kind, operation, execution, now });
    if (decision.kind === 'refuse') return { kind: 'busy', failure: new Failure(decision.code, decision.message) };
    const epoch = decision.kind === 'mine' ? decision.epoch : decision.next.epoch;
    if (decision.kind === 'acquire' && !(await catalogue.replaceState(decision.next, state.epoch))) continue;
    await catalogue.addOperation(
      newOperation({ plan, id: operation, kind, epoch, trigger, recoveryPoint, startedAt: now.toISOString() }),
    );
    return { kind: 'opened', context: { plan, operation, epoch } };
  }
}

/**
 * For a look before anything else is checked. Returns the plan's state.
 * @throws Failure OperationAlreadyRunning, WrongPhase when the plan cannot be opened now
 */
export async function refuseUnlessOpenable(
  services: Services,
  plan: string,
  kind: OperationKind,
  execution: string,
): Promise<PlanState> {
  const state = await stateOf(services, plan);
  const request = { kind, operation: operationId(kind, execution), execution, now: services.now() };
  const decision = decideOpen(state, request);
  if (decision.kind === 'refuse') throw new Failure(decision.code, decision.message);
  return state;
}

/** The state of a plan; the lease of an execution that ended without closing has ended with it. */
async function stateOf(services: Services, plan: string): Promise<PlanState> {
  const state = await services.catalogue.state(plan);
  const isOver = state.lease !== null && !(await services.isRunning(state.lease.execution));
  return isOver ? { ...state, lease: null } : state;
}

function operationId(kind: OperationKind, execution: string): string {
  return `${kind}-${execution.split(':').at(-1) ?? ''}`;
}

/** Servers of a plan by wave, in order. */
export function wavesOf(plan: Plan): { wave: number; servers: string[] }[] {
  const numbers = [...new Set(Object.values(plan.servers).map(({ wave }) => wave))].toSorted((a, b) => a - b);
  return numbers.map((wave) => ({
    wave,
    servers: Object.keys(plan.servers).filter((name) => plan.servers[name]?.wave === wave),
  }));
}
