import * as z from 'zod';
import type { Operation, PlanState } from '../../domain/catalogue.ts';
import { asDrill, asHomeDrill, type DrillSeat, isDrill, isHomeDrill } from '../../domain/drill.ts';
import { Failure, failureCodes } from '../../domain/failure.ts';
import { isMissing } from '../../domain/left-out.ts';
import { newOperation, type OperationStart } from '../../domain/new-items.ts';
import type { Plan } from '../../domain/plan.ts';
import { choose, selectorSchema } from '../failover/choose.ts';
import { pin, wavesToRecovery } from '../failover/launching.ts';
import { hasMember, operationId, parseInput, triggerSchema, versionOf } from '../operation/open.ts';
import { goOn, type TakenOver } from '../operation/take-over.ts';
import { tell } from '../operation/tell.ts';
import type { Context, Services } from '../services.ts';
import type { WaveItem } from '../waves/wave.ts';

const inputSchema = z.strictObject({
  plan: z.string(),
  drill: z.literal(true, 'is not true'),
  recoveryPoint: selectorSchema.default('latest'),
  trigger: triggerSchema,
});

const undoSchema = z.strictObject({
  plan: z.string(),
  undo: z.string().regex(/^drill-[^\s\p{C}]{1,80}$/u, 'is not a drill like "drill-1234"'),
});

/** `isDrill`: what the state machine tells drills from failovers by. */
export type DrillOpened = Context & {
  readonly dryRun: false;
  readonly isDrill: true;
  readonly recoveryPoint: string;
  readonly waves: readonly WaveItem[];
};

/** Whether an input asks for a drill: `{"plan": "shop", "drill": true}`. */
export function asksForDrill(input: unknown): boolean {
  return hasMember(input, 'drill');
}

/** Whether an input asks for a drill to be taken down: `{"plan": "shop", "undo": "drill-1234"}`. */
export function asksForTakeDown(input: unknown): boolean {
  return hasMember(input, 'undo') && isDrill(String((input as { readonly undo: unknown }).undo));
}

/**
 * Opens a drill beside whatever protects the plan: it takes no lease, only the seat of the plan's drills.
 * @throws Failure InvalidInput, UnknownPlan, WrongPhase, OperationAlreadyRunning, UnknownRecoveryPoint, RecoveryPointNotAvailable
 */
export async function openDrill(services: Services, input: unknown, execution: string): Promise<DrillOpened> {
  const parsed = parseInput('drill', inputSchema, input, '{"plan": "shop", "drill": true}');
  try {
    return await open(services, parsed, execution);
  } catch (error) {
    // Nobody looks at an execution that a schedule has started.
    if (error instanceof Failure && failureCodes[error.code] !== 'transient' && parsed.trigger === 'schedule')
      await tell(services, `Homeward: drill of plan ${parsed.plan} did not begin`, error.message);
    throw error;
  }
}

async function open(
  services: Services,
  { plan: name, recoveryPoint, trigger }: z.output<typeof inputSchema>,
  execution: string,
): Promise<DrillOpened> {
  const plan = services.plan(name);
  const { catalogue } = services;
  const state = await catalogue.state(name);
  const drilled = await drilledFrom(services, plan, state, recoveryPoint);
  const operation = operationId('drill', execution);
  const { epoch } = await takeSeat(services, name, (seat) => {
    if (seat.operation === operation) return seat;
    if (seat.operation !== null) throw busy(seat);
    return { plan: name, epoch: seat.epoch + 1, operation, execution };
  });
  const context = { plan: name, operation, epoch };
  const startedAt = services.now().toISOString();
  const planVersion = versionOf(plan);
  const { leftOut = {}, ...from } = drilled;
  const start = { ...from, plan: name, id: operation, kind: 'drill', epoch, trigger, planVersion, startedAt } as const;
  await catalogue.addOperation({ ...newOperation(start), leftOut });
  const begun = await catalogue.operationOf(context);
  if (!isHomeDrill(begun)) await pin(services, begun);
  const waves = (await wavesToRecovery(services, context)).map((wave) => ({
    ...wave,
    servers: wave.servers.filter((server) => !isMissing(begun, server)),
  }));
  return {
    ...context,
    dryRun: false,
    isDrill: true,
    recoveryPoint: begun.recoveryPoint ?? '',
    waves,
  };
}

type Drilled = Pick<OperationStart, 'recoveryPoint' | 'choice' | 'extent'> & Partial<Pick<Operation, 'leftOut'>>;

/** What a drill launches: a recovery point while production is at home, and what has come home of the servers while it is away. */
async function drilledFrom(
  services: Services,
  plan: Plan,
  { phase, failover: id, lease }: PlanState,
  recoveryPoint: z.output<typeof selectorSchema>,
): Promise<Drilled> {
  if (phase === 'protected') return choose(services, asDrill(plan), { recoveryPoint, servers: {} });
  const failover = phase === 'recovered' && id !== null ? await services.catalogue.operation(plan.name, id) : undefined;
  if (failover === undefined)
    throw new Failure(
      'WrongPhase',
      `Cannot start drill of plan ${plan.name}: its phase is ${phase}, drill needs protected or recovered. Drill once the operation has ended. Nothing was changed.`,
    );
  if (recoveryPoint !== 'latest')
    throw new Failure(
      'InvalidInput',
      'recoveryPoint: cannot be chosen while production is away: the drill launches what has come home of it. Leave it out.',
    );
  asHomeDrill(plan);
  if (lease !== null && (await services.isRunning(lease.execution)))
    throw new Failure(
      'OperationAlreadyRunning',
      `Cannot start drill of plan ${plan.name}: ${lease.operation} brings home what changed. Drill once it has ended. Nothing was changed.`,
    );
  const { recoveryPoint: launched, choice, leftOut } = failover;
  // Nothing of those that were not launched is away; of the others the newest content has come home.
  const missing = Object.entries(leftOut).filter(([server]) => isMissing(failover, server));
  const choosing = choice === undefined ? {} : { choice };
  return { recoveryPoint: launched, ...choosing, leftOut: Object.fromEntries(missing), extent: 'way-home' };
}

function busy({ plan, operation }: DrillSeat): Failure {
  return new Failure(
    'OperationAlreadyRunning',
    `Cannot start drill of plan ${plan}: ${operation ?? ''} is under way, or was not taken down. Wait until it ends; where its execution has ended, start the state machine with ${JSON.stringify({ plan, undo: operation })}.`,
  );
}

/**
 * Takes over a drill whose execution ended without closing it, to take it down.
 * @throws Failure InvalidInput, UnknownPlan, WrongPhase, OperationAlreadyRunning
 */
export async function takeOverDrill(
  services: Services,
  input: unknown,
  execution: string,
): Promise<TakenOver & { readonly isDrill: true }> {
  const { plan, undo } = parseInput('drill', undoSchema, input, '{"plan": "shop", "undo": "drill-1234"}');
  const { name } = services.plan(plan);
  const known = await services.catalogue.operation(name, undo);
  const { epoch } = await takeSeat(services, name, async (seat) => {
    if (seat.operation === undo && seat.execution === execution) return seat;
    // A seat that is empty may have been lost with the table.
    if (seat.operation !== undo && seat.operation !== null)
      throw new Failure(
        'WrongPhase',
        `Cannot take down ${undo}: the drill of plan ${name} is ${seat.operation}. Nothing was changed.`,
      );
    if (seat.execution !== null && (await services.isRunning(seat.execution)))
      throw new Failure(
        'OperationAlreadyRunning',
        `Cannot take down ${undo} of plan ${name}: its execution is running. Stop it first. Nothing was changed.`,
      );
    return { plan: name, epoch: seat.epoch + 1, operation: undo, execution };
  });
  return { ...(await goOn(services, { plan: name, operation: undo, epoch }, 'drill', known)), isDrill: true };
}

/** One conditional write; where another execution was quicker, the seat is looked at again. */
async function takeSeat(
  { catalogue }: Services,
  plan: string,
  next: (seat: DrillSeat) => DrillSeat | Promise<DrillSeat>,
): Promise<DrillSeat> {
  for (;;) {
    const seat = await catalogue.drillSeat(plan);
    const taken = await next(seat);
    if (taken === seat || (await catalogue.claimDrillSeat(taken, seat.epoch))) return taken;
  }
}
