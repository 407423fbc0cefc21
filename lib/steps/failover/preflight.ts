import type * as z from 'zod';
import { pointsOf } from '../../domain/choice.ts';
import { isDrill, isHomeDrill } from '../../domain/drill.ts';
import { Failure } from '../../domain/failure.ts';
import { type contextSchema, type Services } from '../services.ts';
import { findingsOf } from './findings.ts';

/** Looks for everything that would stop the failover later; all findings at once. Reads only, see {@link findingsOf}. */
export async function preflight(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ findings: number }> {
  const plan = await services.planOf(input);
  const operation = await services.catalogue.operationOf(input);
  for (const id of pointsOf(operation))
    if ((await services.catalogue.pointHeader(plan.name, id)) === undefined)
      throw new Failure('UnknownRecoveryPoint', `Recovery point ${id} of plan ${plan.name} is gone.`);
  await services.catalogue.progress(input, { progression: 'preflight' }, services.now());
  const isOfDrill = isDrill(operation.id);
  const { blocking, short, unfenceable, unseen, ...more } = await findingsOf(services, {
    plan,
    from: operation,
    isDrill: isOfDrill,
  });
  const warnings = [...short, ...unfenceable, ...more.warnings, ...unseen];
  if (warnings.length > 0) await services.catalogue.updateOperation(input, { warnings });
  if (blocking.length > 0)
    throw new Failure(
      'PreflightFailed',
      `Plan ${plan.name} cannot ${isOfDrill ? 'be drilled with' : 'fail over to'} ${isHomeDrill(operation) ? 'what has come home' : (operation.recoveryPoint ?? '')}: ${blocking.join('; ')}. Nothing was changed.`,
    );
  return { findings: blocking.length };
}
