import * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import { keptReturns, type Return, unreplicatedBlocksOf } from '../../domain/kept.ts';
import { hasMember, openOperation, parseInput, refuseUnlessOpenable, triggerSchema } from '../operation/open.ts';
import type { Context, Services } from '../services.ts';
import { refuseUnprotected } from './kept.ts';

/** Accepts that what stays since the plan came home goes: `{"plan": "shop", "accept": true}`; with `dryRun` only says what that is. */
const inputSchema = z.strictObject({
  plan: z.string(),
  accept: z.literal(true),
  dryRun: z.boolean().default(false),
  /** How many blocks the returned primary held that no recovery point had: of whoever has looked at them. */
  unreplicatedBlocks: z.int().nonnegative().default(0),
  trigger: triggerSchema,
});

export type AcceptOpened = Context & { readonly isAccept: true; readonly dryRun: boolean };

export function asksForAccept(input: unknown): boolean {
  return hasMember(input, 'accept');
}

/**
 * Opens an accept, in the state machine of failbacks: production must be at home, and protected since. What no recovery point had goes with it
 * for ever, so whoever accepts says how much that is.
 * @throws Failure InvalidInput, UnknownPlan, WrongPhase, OperationAlreadyRunning, PreflightFailed
 */
export async function openAccept(services: Services, input: unknown, execution: string): Promise<AcceptOpened> {
  const typed = parseInput('accept', inputSchema, input, '{"plan": "shop", "accept": true}');
  const { dryRun, trigger } = typed;
  const plan = services.plan(typed.plan);
  await refuseUnlessOpenable(services, plan.name, 'accept', execution);
  const returns = keptReturns(await services.catalogue.moves(plan.name));
  if (returns.length === 0)
    throw new Failure(
      'WrongPhase',
      `Nothing of plan ${plan.name} stays: it has not come home since the last accept. Nothing was changed.`,
    );
  if (!dryRun) {
    refuseUnseen(plan.name, returns, typed.unreplicatedBlocks);
    await refuseUnprotected(services, plan.name, returns);
  }
  const list = dryRun ? { extent: 'list' as const } : {};
  const opened = await openOperation(services, {
    kind: 'accept',
    plan,
    execution,
    trigger,
    recoveryPoint: null,
    ...list,
  });
  if (opened.kind === 'busy') throw opened.failure;
  return { ...opened.context, isAccept: true, dryRun };
}

function refuseUnseen(plan: string, returns: readonly Return[], seen: number): void {
  const blocks = unreplicatedBlocksOf(returns);
  if (blocks === seen) return;
  const volumes = returns.flatMap(({ failback }) => Object.entries(failback.unreplicated ?? {}));
  const held = volumes.map(([volume, { snapshot, blocks: of }]) => `${volume} ${of} in ${snapshot}`);
  throw new Failure(
    'InvalidInput',
    `unreplicatedBlocks: is ${seen}. The primary held ${blocks} blocks that no recovery point had${held.length === 0 ? '' : ` (${held.join(', ')})`}. Look whether anything in them is still needed, then accept with "unreplicatedBlocks": ${blocks}. Nothing was changed.`,
  );
}
