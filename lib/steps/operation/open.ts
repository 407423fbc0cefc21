import * as z from 'zod';
import { tokenOf } from '../../aws/token.ts';
import type { Extent, HolderKind, Lease, OperationKind, PlanState } from '../../domain/catalogue.ts';
import type { Choice } from '../../domain/choice.ts';
import { newOperation } from '../../domain/new-items.ts';
import { Failure } from '../../domain/failure.ts';
import { refuseForgotten } from '../../domain/homes.ts';
import { changedFields, nextState, type PlanEvent, transition } from '../../domain/phase.ts';
import type { Plan } from '../../domain/plan.ts';
import { problemsOf } from '../../domain/problems.ts';
import type { Context, Services } from '../services.ts';

/** Who or what started an operation: shown beside it ever after. */
export const triggerSchema = z
  .string()
  .regex(/^[\x20-\x7e]{1,200}$/, 'is not a text of up to 200 ASCII characters')
  .default('console');

/** What the first state of every state machine is given: the input as typed by a person, and the execution's ARN. */
export const openSchema = z.object({ input: z.unknown(), execution: z.string() });

/** Whether an input asks for something else than a new operation, which one member of it tells. */
export function hasMember(input: unknown, member: string): boolean {
  return typeof input === 'object' && input !== null && Object.hasOwn(input, member);
}

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
  readonly kind: HolderKind;
  readonly plan: Plan;
  readonly execution: string;
  readonly trigger: string;
  readonly recoveryPoint: string | null;
  readonly choice?: Choice;
  readonly isPlanned?: true;
  readonly extent?: Extent;
  readonly newServers?: readonly string[];
}

/** `state`: of the plan as the operation has it. */
export type Opened =
  | { readonly kind: 'opened'; readonly context: Context; readonly state: PlanState }
  | { readonly kind: 'busy'; readonly failure: Failure };

/**
 * Takes the plan for one operation: lease and next epoch in one conditional write (I6). Runs twice without harm.
 * @throws Failure PreflightFailed
 * @param more what the operation is, as far as that depends on where the plan stands when it is taken
 */
export async function openOperation(
  services: Services,
  opening: Opening,
  more?: (state: PlanState) => Promise<Partial<Opening>>,
): Promise<Opened> {
  const { catalogue } = services;
  const { kind, plan: planOfIt, execution, ...start } = opening;
  const operation = operationId(kind, execution);
  const plan = planOfIt.name;
  for (;;) {
    const state = await catalogue.state(plan);
    refuseForgotten(planOfIt, state.homes);
    const claimed = transition(state, await claimOf(services, state, { kind, operation, execution }));
    if (claimed.kind === 'refused') return { kind: 'busy', failure: new Failure(claimed.code, claimed.message) };
    const { epoch } = claimed.state;
    const change = changedFields(state, claimed.state);
    if (epoch !== state.epoch && !(await catalogue.claimState(plan, change, state.epoch))) continue;
    const startedAt = services.now().toISOString();
    const planVersion = versionOf(planOfIt);
    const made = {
      ...start,
      ...(await more?.(claimed.state)),
      plan,
      id: operation,
      kind,
      epoch,
      startedAt,
      planVersion,
    };
    await catalogue.addOperation(newOperation(made));
    return { kind: 'opened', context: { plan, operation, epoch }, state: claimed.state };
  }
}

/**
 * For a look before anything else is checked. Returns the plan's state.
 * @throws Failure OperationAlreadyRunning, WrongPhase when the plan cannot be opened now
 */
export async function refuseUnlessOpenable(
  services: Services,
  plan: string,
  kind: HolderKind,
  execution: string,
): Promise<PlanState> {
  const state = await services.catalogue.state(plan);
  nextState(state, await claimOf(services, state, { kind, operation: operationId(kind, execution), execution }));
  return state;
}

type Claimant = Pick<Lease, 'kind' | 'operation' | 'execution'>;

/** The lease of an execution that ended without closing has ended with it; of one that lapsed nothing is asked. */
async function claimOf(
  services: Services,
  { lease }: PlanState,
  { kind, operation, execution }: Claimant,
): Promise<PlanEvent> {
  const now = services.now();
  const isInTime = lease !== null && Date.parse(lease.until) > now.getTime();
  const isHolderRunning = isInTime && (await services.isRunning(lease.execution));
  return { kind: 'open', operationKind: kind, operation, execution, now, isHolderRunning };
}

export function operationId(kind: OperationKind, execution: string): string {
  return `${kind}-${execution.split(':').at(-1) ?? ''}`;
}

/** A digest of a plan as it is deployed: the same for the same plan, another one after any change. */
export function versionOf(plan: Plan): string {
  return tokenOf(JSON.stringify(plan));
}

/** Servers of a plan by wave, in order. */
export function wavesOf(plan: Plan): { wave: number; servers: string[] }[] {
  const numbers = [...new Set(Object.values(plan.servers).map(({ wave }) => wave))].toSorted((a, b) => a - b);
  return numbers.map((wave) => ({
    wave,
    servers: Object.keys(plan.servers).filter((name) => plan.servers[name]?.wave === wave),
  }));
}
