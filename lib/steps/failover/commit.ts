import type { z } from 'zod';
import { secondsBetween } from '../../domain/duration.ts';
import { nextState } from '../../domain/phase.ts';
import { type contextSchema, type Services } from '../services.ts';

/** The point after which the failover is final: production runs in the recovery Region. The write to the plan's state decides. */
export async function commit(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ rpoSeconds: number; rtoSeconds: number }> {
  const plan = services.plan(input.plan);
  const state = await services.proveEpoch(input);
  nextState(state, { kind: 'commit', by: input });
  const operation = await services.catalogue.operationOf(input);
  const point = await services.catalogue.pointHeader(plan.name, operation.recoveryPoint ?? '');
  const committedAt = operation.committedAt ?? services.now().toISOString();
  const rtoSeconds = secondsBetween(operation.startedAt, committedAt);
  const rpoSeconds = point === undefined ? 0 : secondsBetween(point.startedAt, operation.startedAt);
  await services.catalogue.updateOperation(input, { committedAt, rtoSeconds, rpoSeconds, progression: 'committed' });
  await services.catalogue.changeState(input, { kind: 'commit' });
  await services.catalogue.addEvent(input.operation, services.now(), 'failover committed');
  return { rpoSeconds, rtoSeconds };
}
