import * as z from 'zod';
import { assertInvariant } from '../../domain/failure.ts';
import { isAnotherRoundNeeded } from '../../domain/estimate.ts';
import { pointId } from '../../domain/recovery-point.ts';
import { contextSchema, type Services } from '../services.ts';
import { transferItemSchema } from '../transfer/transfer.ts';

export const finishRoundSchema = contextSchema.extend({
  final: z.boolean(),
  startedAt: z.string(),
  transfers: z.array(transferItemSchema),
});

/** Ends a delta round: every volume has a new twin. Decides whether another round is worth it before the cut-over. */
export async function finishRound(
  services: Services,
  input: z.infer<typeof finishRoundSchema>,
): Promise<{ next: 'round' | 'final' }> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  const { rounds } = await services.catalogue.operationOf(input);
  const known = rounds.find(({ startedAt }) => startedAt === input.startedAt);
  const number = known?.number ?? rounds.length + 1;
  const moved: number[] = [];
  for (const { transfer } of input.transfers) {
    const record = await services.catalogue.transfer(input.operation, transfer.id);
    const isComplete = record !== undefined && record.completedAt !== null && record.changedBlocks !== null;
    assertInvariant(isComplete, 'I4', `the transfer ${transfer.id} is not complete`);
    moved.push(record.changedBlocks);
    await services.catalogue.addTwin({
      plan: plan.name,
      volume: transfer.volume,
      madeAt: pointId(new Date(input.startedAt), `round-${number}`),
      method: record.method,
      primarySnapshot: record.target,
      recoverySnapshot: transfer.near.snapshot,
      primaryVolume: null,
      operation: input.operation,
      epoch: input.epoch,
      ...(record.method === 'native-full' ? { isCopiedHome: true } : {}),
    });
  }
  const blocksMoved = moved.reduce((sum, blocks) => sum + blocks, 0);
  const largestBlocks = Math.max(0, ...moved);
  if (known === undefined) {
    const endedAt = services.now().toISOString();
    const ended = { number, isFinal: input.final, startedAt: input.startedAt, endedAt, blocksMoved, largestBlocks };
    await services.catalogue.updateOperation(input, { rounds: [...rounds, ended] });
  }
  const measured = await services.catalogue.phaseTimes(plan.name);
  const isAnother = isAnotherRoundNeeded({ number, largestBlocks }, plan, measured);
  return { next: isAnother && !input.final ? 'round' : 'final' };
}
