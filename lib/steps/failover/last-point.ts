import * as z from 'zod';
import { beginPoint } from '../operation/begin-point.ts';
import { type CaptureItem, select } from '../protect/select.ts';
import { contextSchema, type Services } from '../services.ts';
import { pin, sayChoice, wavesToRecovery } from './launching.ts';
import type { FailoverOpened } from './open.ts';

export const lastPointSchema = contextSchema.extend({ dryRun: z.boolean() });

export type LastPoint = FailoverOpened & {
  readonly point: string;
  readonly selected: { readonly result: { readonly servers: readonly CaptureItem[] } };
};

/**
 * What a planned failover launches from: a point that is begun now and captured once its servers are stopped, so that nothing is lost. Its
 * servers are those that the plan and its groups name now; they are fenced, captured and launched, and no others.
 * @throws Failure ServerRefused
 */
export async function lastPoint(
  services: Services,
  { dryRun, ...context }: z.infer<typeof lastPointSchema>,
): Promise<LastPoint> {
  await services.proveEpoch(context);
  const { catalogue } = services;
  const before = await catalogue.operationOf(context);
  const point = await beginPoint(services, before);
  const { servers } = await select(services, { ...context, point });
  const choice = { lossSeconds: 0, servers: {}, passedOver: [] };
  const taking = { recoveryPoint: point, choice, progression: 'taking the last point' };
  await catalogue.progress(context, taking, services.now());
  const operation = { ...before, recoveryPoint: point, choice };
  await pin(services, operation);
  await sayChoice(services, operation);
  const waves = await wavesToRecovery(services, context);
  return { ...context, dryRun, recoveryPoint: point, waves, servers: [], point, selected: { result: { servers } } };
}
