import * as z from 'zod';
import { pollSchema } from '../../domain/poll.ts';
import type { MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import type { TransferItem } from '../transfer/transfer.ts';
import { isHomeSilent, isReverse } from './reverse.ts';
import { pollSnapshots, takeServingSnapshots } from './serving-snapshots.ts';
import { waysNow } from './ways-home.ts';

export const roundSchema = contextSchema.extend({ final: z.boolean(), poll: pollSchema });

/**
 * Begins a delta round: snapshots what serves now, and says which blocks go onto which base at home. `isSilent`: reverse protection, which waits for
 * nobody, finds that the primary Region does not answer.
 */
export async function round(
  services: Services,
  input: z.infer<typeof roundSchema>,
): Promise<MayAsk & { transfers: readonly TransferItem[]; startedAt: string; isSilent: boolean }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const operation = await services.catalogue.operationOf(input);
  const { rounds } = operation;
  const number = rounds.length + 1;
  const begun = { progression: input.final ? 'final round' : `round ${number}` };
  await services.catalogue.progress(input, begun, services.now());
  const taken = await takeServingSnapshots(services, input, number);
  const next = pollSnapshots(services, input, taken.isReady, input.final);
  const startedAt = next.since;
  const nothing = { transfers: [], startedAt, isSilent: false };
  if (!taken.isReady) return { ...next, ...nothing };
  if (isReverse(operation) && (await isHomeSilent(services, await services.planOf(input)))) {
    const note = `${plan.primary.region} does not answer, so nothing came home: what serves stands in its own snapshots in ${plan.recovery.region}`;
    await services.catalogue.addEvent(input.operation, services.now(), note);
    return { ...next, ...nothing, isSilent: true };
  }
  const ways = await waysNow(services, input, number, taken.volumes);
  if ('asking' in ways) return { ...ways.asking, ...nothing };
  const transfers = taken.volumes.map(({ key, snapshot, base }) => ({
    plan: input.plan,
    operation: input.operation,
    epoch: input.epoch,
    transfer: {
      id: `round-${number}/${key}`,
      volume: key,
      near: { region: plan.recovery.region, base: base.recoverySnapshot, snapshot: snapshot.id },
      far: { region: plan.primary.region, base: base.primarySnapshot },
      sizeGib: snapshot.sizeGib,
      ...(ways.copied.has(key) ? { isCopied: true as const } : {}),
      purpose: 'failback-base',
    },
  }));
  return { ...next, transfers, startedAt, isSilent: false };
}
