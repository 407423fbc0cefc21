import * as z from 'zod';
import type { Operation, PlanState } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { fenceKindOf, fenceLine } from '../../domain/fence.ts';
import { isNewAtHome } from '../../domain/homes.ts';
import { asNewAtHome } from '../../domain/launch-site.ts';
import { isMissing } from '../../domain/left-out.ts';
import type { Plan } from '../../domain/plan.ts';
import { quoted } from '../../domain/quoted.ts';
import { asksForDrill } from '../drill/open.ts';
import { answer, type Answered, isAnswer } from '../operation/answer.ts';
import {
  openOperation,
  type openSchema,
  parseInput,
  refuseUnlessOpenable,
  triggerSchema,
  wavesOf,
} from '../operation/open.ts';
import { asksForUndo, type TakenOver, takeOver } from '../operation/take-over.ts';
import type { Context, Services } from '../services.ts';
import { serversAway } from '../waves/site.ts';
import type { ServerItem, WaveItem } from '../waves/wave.ts';
import { type AcceptOpened, asksForAccept, openAccept } from './open-accept.ts';
import { refuseUnplanned } from './serving-snapshots.ts';

const notNew = 'is not true, or a list of servers like ["db", "web"]';

const inputSchema = z
  .strictObject({
    plan: z.string(),
    estimateOnly: z.boolean().default(false),
    /** Nothing but the owed fence: the servers of the returned primary are stopped. */
    fenceOnly: z.boolean().default(false),
    /** Servers that come home as new instances; `true`: all. */
    newServers: z.union([z.literal(true), z.array(z.string()).min(1, notNew)], { error: notNew }).exactOptional(),
    trigger: triggerSchema,
  })
  .refine(({ estimateOnly, fenceOnly }) => !(estimateOnly && fenceOnly), {
    error: 'cannot go with estimateOnly',
    path: ['fenceOnly'],
  })
  .refine(({ newServers, fenceOnly }) => newServers === undefined || !fenceOnly, {
    error: 'cannot go with fenceOnly',
    path: ['newServers'],
  });

export type FailbackOpened = Context & {
  readonly estimateOnly: boolean;
  readonly isFenceOnly?: true;
  /** Of one that launches servers at home: there are images to clear away in the end. */
  readonly launches?: true;
  /** Those whose volumes are rebuilt. */
  readonly servers: readonly ServerItem[];
  readonly waves: readonly WaveItem[];
};

/** Opens a failback: production must run in the recovery Region, behind a committed failover. */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<FailbackOpened | TakenOver | Answered | AcceptOpened> {
  if (isAnswer(input)) return answer(services, 'failback', input);
  if (asksForUndo(input)) return takeOver(services, 'failback', input, execution);
  if (asksForDrill(input))
    throw new Failure(
      'InvalidInput',
      'drill: drills of the way home begin in the state machine of failovers, as all drills. Start that with the same input.',
    );
  if (asksForAccept(input)) return openAccept(services, input, execution);
  const {
    plan: name,
    estimateOnly,
    fenceOnly,
    newServers: wanted,
    trigger,
  } = parseInput('failback', inputSchema, input, '{"plan": "shop"}');
  const plan = services.plan(name);
  const state = await refuseUnlessOpenable(services, name, 'failback', execution);
  if (fenceOnly) refuseUnlessOwed(plan, state, execution);
  if (estimateOnly) await refuseBeside(services, state, execution);
  const failover = state.failover === null ? undefined : await services.catalogue.operation(name, state.failover);
  const serving = failover === undefined ? plan : await services.planOf({ plan: name, operation: failover.id });
  refuseUnplanned(serving, failover);
  if (!estimateOnly && !fenceOnly) refuseIfIsolated(plan, failover);
  const newServers = wanted === undefined ? {} : { newServers: newServersOf(serving, failover, wanted) };
  const opened = await openOperation(services, {
    kind: 'failback',
    plan,
    execution,
    trigger,
    recoveryPoint: failover?.recoveryPoint ?? null,
    ...(estimateOnly ? { extent: 'estimate' } : {}),
    ...(fenceOnly ? { extent: 'fence' } : {}),
    ...(failover?.choice === undefined ? {} : { choice: failover.choice }),
    ...newServers,
  });
  if (opened.kind === 'busy') throw opened.failure;
  const { context } = opened;
  const item = (server: string) => ({ ...context, server });
  const waves = wavesOf(serving).map(({ wave, servers }) => ({
    ...context,
    wave,
    site: 'primary' as const,
    servers,
  }));
  const only = fenceOnly ? { isFenceOnly: true as const } : {};
  const operation = await services.catalogue.operationOf(context);
  const away = await serversAway(services, context);
  const servers = away.filter((server) => !isNewAtHome(operation, server)).map(item);
  const launches = operation.newServers === undefined ? {} : { launches: true as const };
  return { ...context, estimateOnly, ...only, ...launches, servers, waves };
}

/**
 * The servers that are to come home as new instances. What the failover had not brought away is at home, and stays what it is.
 * @param plan with the servers that are away
 * @throws Failure InvalidInput
 */
function newServersOf(
  plan: Plan,
  failover: Operation | undefined,
  wanted: true | readonly string[],
): readonly string[] {
  asNewAtHome(plan);
  const away = Object.keys(plan.servers).filter((server) => failover === undefined || !isMissing(failover, server));
  if (wanted === true) return away;
  const strange = wanted.filter((server) => !away.includes(server));
  if (strange.length === 0) return [...new Set(wanted)];
  throw new Failure(
    'InvalidInput',
    `Cannot start failback: newServers: ${strange.map(quoted).join(', ')} ${strange.length === 1 ? 'is no server' : 'are no servers'} of plan ${plan.name} that can come home. Servers: ${away.join(', ')}. Nothing was changed.`,
  );
}

/** The same execution, asked again after the fence is paid, holds the plan. */
function refuseUnlessOwed(plan: Plan, { fence, lease }: PlanState, execution: string): void {
  if (lease?.execution === execution) return;
  if (fenceKindOf(plan) === 'none')
    throw new Failure(
      'WrongPhase',
      `Plan ${plan.name} has nobody fence its primary (failover.fence: none). Start the failback, which stops it. Nothing was changed.`,
    );
  if (fence?.status === 'owed') return;
  throw new Failure(
    'WrongPhase',
    `Plan ${plan.name} owes no fence; its fence is: ${fenceLine(fence)}. Nothing was changed.`,
  );
}

/** A look takes nothing from a run that brings home what changed: that may have moved for hours. @throws Failure OperationAlreadyRunning */
async function refuseBeside(services: Services, { plan, lease }: PlanState, execution: string): Promise<void> {
  if (lease === null || lease.execution === execution || !(await services.isRunning(lease.execution))) return;
  throw new Failure(
    'OperationAlreadyRunning',
    `Cannot estimate the failback of plan ${plan}: ${lease.operation} brings home what changed. Estimate once it has ended; the failback itself does not wait for it. Nothing was changed.`,
  );
}

/** Only roles of a plan that isolates may give security groups back, without which its servers would serve nobody at home. */
function refuseIfIsolated(plan: Plan, failover: Operation | undefined): void {
  const isolated = Object.keys(failover?.isolated ?? {});
  if (isolated.length === 0 || fenceKindOf(plan) === 'isolate') return;
  throw new Failure(
    'PreflightFailed',
    `${failover?.id ?? ''} isolated ${isolated.join(', ')}, and plan ${plan.name} no longer says so: nothing could give them their security groups back. Put failover.fence: isolate back and deploy the plan; change it after the failback. Nothing was changed.`,
  );
}
