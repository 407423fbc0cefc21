import * as z from 'zod';
import type { Operation, PlanState } from '../../domain/catalogue.ts';
import { isHomeDrill } from '../../domain/drill.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { tickDelay } from '../../domain/rpo.ts';
import { metrics } from '../../names.ts';
import { beginPoint } from '../operation/begin-point.ts';
import { isReverse } from '../failback/reverse.ts';
import { type Opened, type Opening, openOperation, type openSchema, parseInput } from '../operation/open.ts';
import { publish } from '../operation/publish.ts';
import type { Context, Services } from '../services.ts';

const inputSchema = z.strictObject({ plan: z.string(), scheduledFor: z.iso.datetime().optional() });

/** What becomes of a run. Of one that the schedule began: how long after its time, in seconds. */
export type ProtectOpened = { readonly delaySeconds?: number } & (
  | (Context & { readonly skipped: false; readonly point: string })
  | (Context & { readonly skipped: false; readonly isAway: true })
  | { readonly skipped: true; readonly reason: string }
);

/**
 * Opens a protect operation and its recovery point; while production is away, one that brings home what changed there instead. While another operation
 * has the plan, this tick is skipped and says so. One that comes late says so too: in the output of the execution, as a metric, and beside the operation.
 */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<ProtectOpened> {
  const { plan: name, scheduledFor } = parseInput('protect', inputSchema, input, '{"plan": "shop"}');
  const plan = services.plan(name);
  const trigger = scheduledFor === undefined ? 'operator' : 'schedule';
  const opened = await openUnlessHindered(services, plan, { execution, trigger });
  const delay = tickDelay(scheduledFor, services.now());
  const delayed = delay === null ? {} : { delaySeconds: delay.seconds };
  if (delay !== null)
    await publish(services, { plan: name, step: 'protect/open' }, [
      { metric: metrics.tickSkipped, value: opened.kind === 'busy' ? 1 : 0 },
      { metric: metrics.tickDelay, value: delay.seconds },
    ]);
  if (opened.kind === 'busy') return { skipped: true, reason: opened.failure.message, ...delayed };
  const { context } = opened;
  if (delay?.isLate === true)
    await services.catalogue.addEvent(
      context.operation,
      services.now(),
      `the tick of ${scheduledFor ?? ''} came ${delay.seconds} s late`,
    );
  const operation = await services.catalogue.operationOf(context);
  refuseElsewhere(operation, opened.state);
  if (isReverse(operation)) return { skipped: false, ...delayed, ...context, isAway: true };
  const point = await beginPoint(services, operation);
  await services.catalogue.progress(context, { recoveryPoint: point, progression: 'capturing' }, services.now());
  return { skipped: false, ...delayed, ...context, point };
}

async function openUnlessHindered(
  services: Services,
  plan: Plan,
  start: Pick<Opening, 'execution' | 'trigger'>,
): Promise<Opened> {
  const state = await services.catalogue.state(plan.name);
  // A repeat finds the plan taken.
  const isOwn = state.lease?.execution === start.execution;
  const hindrance = state.phase === 'recovered' && !isOwn ? await hindranceAway(services, plan.name) : undefined;
  if (hindrance !== undefined) return { kind: 'busy', failure: hindrance };
  const opening = { kind: 'protect', plan, recoveryPoint: null, ...start } as const;
  return openOperation(services, opening, (taken) => behindFailover(services, taken));
}

/**
 * Why nothing is brought home now. A drill of the way home launches what has come home, of which a round would take the place. And after an undo that failed nobody
 * knows which side serves.
 */
async function hindranceAway({ catalogue }: Services, plan: string): Promise<Failure | undefined> {
  const { operation: id } = await catalogue.drillSeat(plan);
  const drill = id === null ? undefined : await catalogue.operation(plan, id);
  if (drill !== undefined && isHomeDrill(drill))
    return new Failure(
      'OperationAlreadyRunning',
      `Cannot bring home what changed of plan ${plan}: ${drill.id} launches what came home before. The next run does.`,
    );
  const failbacks = (await catalogue.operationsOf(plan, 'failback')).filter(({ extent }) => extent === undefined);
  const last = failbacks.toSorted((a, b) => a.epoch - b.epoch).at(-1);
  if (last?.outcome !== 'failed') return undefined;
  return new Failure(
    'WrongPhase',
    `Cannot bring home what changed of plan ${plan}: the undo of ${last.id} failed. Undo it first: start the failback with ${JSON.stringify({ plan, undo: last.id })}.`,
  );
}

/** Of the failover behind which production runs away: its servers are those whose changes come home. */
async function behindFailover(
  { catalogue }: Services,
  { plan, phase, failover }: PlanState,
): Promise<Partial<Opening>> {
  if (phase !== 'recovered') return {};
  const { recoveryPoint = null, choice } = (await catalogue.operation(plan, failover ?? '')) ?? {};
  return { recoveryPoint, extent: 'reverse', ...(choice === undefined ? {} : { choice }) };
}

/** One that opened at home and is repeated once production is away, or the other way round, would protect the wrong side. */
function refuseElsewhere(operation: Operation, { plan, phase }: PlanState): void {
  if (isReverse(operation) === (phase === 'recovered')) return;
  throw new Failure(
    'WrongPhase',
    `${operation.id} of plan ${plan} began before production moved; the plan is ${phase} by now. The next run protects what serves.`,
  );
}
