import type * as z from 'zod';
import { secondsBetween } from '../../domain/duration.ts';
import { nextState } from '../../domain/phase.ts';
import { measuredPhases } from '../../domain/phase-times.ts';
import { type contextSchema, type Services } from '../services.ts';

/** The point after which the failover is final: production runs in the recovery Region. The write to the plan's state decides. */
export async function commit(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ rpoSeconds: number | null; rtoSeconds: number }> {
  const state = await services.proveEpoch(input);
  nextState(state, { kind: 'commit', by: input });
  const operation = await services.catalogue.operationOf(input);
  const committedAt = operation.committedAt ?? services.now().toISOString();
  const rtoSeconds = secondsBetween(operation.startedAt, committedAt);
  const rpoSeconds = operation.choice?.lossSeconds ?? null;
  const committed = { committedAt, rtoSeconds, rpoSeconds, progression: 'committed' };
  await services.catalogue.progress(input, committed, services.now());
  await services.catalogue.changeState(input, { kind: 'commit' });
  await services.catalogue.notePhaseTimes(measuredPhases(operation, committedAt));
  await services.catalogue.addEvent(input.operation, services.now(), 'failover committed');
  return { rpoSeconds, rtoSeconds };
}
