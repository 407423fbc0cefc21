import * as z from 'zod';
import { sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import { tokenOf } from '../../aws/token.ts';
import type { Lease, PlanState } from '../../domain/catalogue.ts';
import { hasCommands } from '../../domain/consistency.ts';
import { corrupt } from '../../domain/corrupt.ts';
import type { DrillSeat } from '../../domain/drill.ts';
import { Failure } from '../../domain/failure.ts';
import { printable, quoted } from '../../domain/quoted.ts';
import { environment } from '../../names.ts';
import { isReverse } from '../failback/reverse.ts';
import { abort } from '../protect/abort.ts';
import { endFreezes, tellLeftFrozen } from '../protect/thawing.ts';
import type { Context, Services } from '../services.ts';
import { noteOperation } from './take-over.ts';
import { tell } from './tell.ts';
import { pause } from '../pause.ts';
import { close } from './close.ts';

/** The event of an execution that ended without success; more members are ignored. @source Step Functions guide, EventBridge events */
export const rescueSchema = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({ executionArn: z.string(), status: z.enum(['ABORTED', 'TIMED_OUT', 'FAILED']) }),
});

const machineOf = {
  failover: environment.failoverMachineArn,
  failback: environment.failbackMachineArn,
  drill: environment.failoverMachineArn,
};

/**
 * Ends what an execution left open that was stopped, timed out, or broke beyond its own catches (I11): a failover or failback is
 * undone by an execution of its own, a protect run or an accept is closed as failed. An undo that ended so itself is not begun once more: its
 * operation is closed as failed. An operation that closed holds no lease: nothing to do.
 * Looks for itself whether the execution has ended. A plan whose items are broken holds up no other one, and somebody is told.
 */
export async function rescue(
  services: Services,
  { detail }: z.infer<typeof rescueSchema>,
): Promise<{ rescued: string | null }> {
  for (const { name } of services.plans()) {
    const rescued = await rescuePlan(services, name, detail);
    if (rescued !== null) return { rescued };
  }
  return { rescued: null };
}

type Ended = z.infer<typeof rescueSchema>['detail'];

async function rescuePlan(services: Services, plan: string, ended: Ended): Promise<string | null> {
  try {
    const state = await services.catalogue.state(plan);
    if (state.lease?.execution === ended.executionArn) return await end(services, state, state.lease, ended.status);
    const seat = await services.catalogue.drillSeat(plan);
    return seat.execution === ended.executionArn
      ? await endDrill(services, seat, ended)
      : await endPreempted(services, plan, ended);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'CatalogueCorrupt')) throw error;
    const subject = `Homeward: plan ${plan} needs you`;
    const text = `Execution ${printable(ended.executionArn, 200)} ended ${ended.status}. What it left open in plan ${plan} is not undone: ${error.message}`;
    await tell(services, subject, text);
    return null;
  }
}

async function end(
  services: Services,
  { plan, epoch }: PlanState,
  lease: Lease,
  status: Ended['status'],
): Promise<string | null> {
  if (await services.isRunning(lease.execution)) return null;
  await refuseUnlessTold(services, plan, lease);
  const { kind, operation } = lease;
  const context = { plan, operation, epoch };
  await noteOperation(services, context, kind, 'rescue');
  if (lease.kind === 'protect') await closeProtect(services, context, lease.execution, status);
  else if (lease.kind === 'accept') await closeFailed(services, context, lease.execution, status, acceptAgain);
  else if (isUndo(lease)) await closeFailed(services, context, lease.execution, status, leftOver);
  else await startUndo(services, { plan, operation, kind: lease.kind, execution: lease.execution });
  return lease.operation;
}

interface Undoing {
  readonly plan: string;
  readonly operation: string;
  readonly kind: keyof typeof machineOf;
  /** That has ended. */
  readonly execution: string;
}

async function startUndo(services: Services, { plan, operation, kind, execution }: Undoing): Promise<void> {
  await startExecution(services.client(sfnClient), {
    stateMachine: services.setting(machineOf[kind]),
    name: `${undoPrefix}${tokenOf(execution)}`,
    input: JSON.stringify({ plan, undo: operation }),
  });
}

/** A drill whose execution ended before it was taken down. */
async function endDrill(services: Services, seat: DrillSeat, { executionArn, status }: Ended): Promise<string | null> {
  const { plan, operation, epoch } = seat;
  if (operation === null || (await services.isRunning(executionArn))) return null;
  const context = { plan, operation, epoch };
  await noteOperation(services, context, 'drill', 'rescue');
  if (isUndo({ execution: executionArn })) await closeFailed(services, context, executionArn, status, leftOver);
  else await startUndo(services, { plan, operation, kind: 'drill', execution: executionArn });
  return operation;
}

/** A protect run or an accept that a failover has taken the plan from, and that was stopped before it saw so. */
async function endPreempted(services: Services, plan: string, { executionArn, status }: Ended): Promise<string | null> {
  const name = executionArn.split(':').at(-1) ?? '';
  for (const kind of ['protect', 'accept'] as const) {
    const id = `${kind}-${name}`;
    const operation = await services.catalogue.operation(plan, id);
    if (operation?.outcome !== 'running' || (await services.isRunning(executionArn))) continue;
    const context = { plan, operation: id, epoch: operation.epoch };
    if (kind === 'protect') await closeProtect(services, context, executionArn, status);
    else await closeFailed(services, context, executionArn, status, acceptAgain);
    return id;
  }
  return null;
}

const undoPrefix = 'undo-';
/** Of the five minutes of its function; two calls that nobody answers take 40 s. */
const thawSecondsMax = 120;
const thawPauseMs = 2_000;
const leftOver = ' What it had not taken back is still there: look at its servers in both Regions.';

const acceptAgain = ' What it had not removed stays as it is. Accept again.';

/** Whether an execution that this step started holds the lease. */
function isUndo({ execution }: Pick<Lease, 'execution'>): boolean {
  return execution.split(':').at(-1)?.startsWith(undoPrefix) === true;
}

/**
 * The operation of a lease is named after its first execution, or recorded since. Any other name is a broken item's: undoing it would
 * leave alone what the true one made.
 */
async function refuseUnlessTold(
  services: Services,
  plan: string,
  { kind, operation, execution }: Lease,
): Promise<void> {
  const isFirst = operation === `${kind}-${execution.split(':').at(-1) ?? ''}`;
  if (isFirst || (await services.catalogue.operation(plan, operation)) !== undefined) return;
  throw corrupt(`PLAN#${plan} / STATE`, `lease.operation: there is no operation ${quoted(operation)}`);
}

async function closeProtect(services: Services, context: Context, execution: string, status: string): Promise<void> {
  const operation = await services.catalogue.operationOf(context);
  const { recoveryPoint } = operation;
  if (recoveryPoint !== null && !isReverse(operation)) {
    await thawNow(services, context, recoveryPoint);
    await abort(services, { ...context, point: recoveryPoint });
  }
  await closeFailed(services, context, execution, status, '');
}

/** What the run had frozen. The next run of the plan goes on with what is not known to be thawed by then. */
async function thawNow(services: Services, context: Context, point: string): Promise<void> {
  if (!hasCommands(services.plan(context.plan))) return;
  const plan = await services.planOf(context);
  const { operation } = context;
  const latest = services.now().getTime() + thawSecondsMax * 1_000;
  let left = await endFreezes(services, plan, { operation, point });
  while (left.length > 0 && services.now().getTime() < latest) {
    await pause(thawPauseMs);
    left = await endFreezes(services, plan, { operation, point });
  }
  if (left.length > 0) await tellLeftFrozen(services, plan, left);
}

async function closeFailed(
  services: Services,
  context: Context,
  execution: string,
  status: string,
  advice: string,
): Promise<void> {
  const cause = `Its execution ${execution} ended ${status} before it had closed.${advice}`;
  await close(services, { ...context, outcome: 'failed', failure: { Error: 'Stopped', Cause: cause } });
}
