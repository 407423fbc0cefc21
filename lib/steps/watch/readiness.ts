import * as z from 'zod';
import type { PointHeader } from '../../domain/catalogue.ts';
import { withMembers } from '../../domain/members.ts';
import { predictRto } from '../../domain/phase-times.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Readiness } from '../../domain/readiness.ts';
import { metrics } from '../../names.ts';
import { findingsOf } from '../failover/findings.ts';
import { publish } from '../operation/publish.ts';
import type { Services } from '../services.ts';

export const readinessInputSchema = z.object({ plan: z.string() });

/**
 * The preflight of a failover, before anybody needs one: what would stop it, or leave servers without room, is kept for `homeward status`, and counted in a metric with an
 * alarm. While production is away there is nothing to fail over, and nothing is found. It holds nothing and changes nothing else.
 */
export async function lookWhetherReady(
  services: Services,
  input: z.infer<typeof readinessInputSchema>,
): Promise<Readiness> {
  const { catalogue } = services;
  const { name } = services.plan(input.plan);
  const { phase } = await catalogue.state(name);
  const point = phase === 'protected' ? await catalogue.newestAvailable(name) : undefined;
  const plan = withMembers(services.plan(name), point?.members ?? {});
  const found = phase === 'protected' ? await find(services, plan, point) : { blocking: [], short: [], warnings: [] };
  const predicted = predictRto(plan, await catalogue.phaseTimes(name));
  const at = services.now().toISOString();
  const readiness: Readiness = { plan: name, at, phase, recoveryPoint: point?.id ?? null, ...found, ...predicted };
  await catalogue.setReadiness(readiness);
  await publish(services, { plan: name, step: 'watch/readiness' }, [
    { metric: metrics.readinessFindings, value: found.blocking.length + found.short.length },
    ...(predicted.rtoSeconds === null ? [] : [{ metric: metrics.predictedRto, value: predicted.rtoSeconds }]),
  ]);
  return readiness;
}

async function find(services: Services, plan: Plan, point: PointHeader | undefined) {
  if (point === undefined) return { blocking: ['it has no available recovery point'], short: [], warnings: [] };
  return findingsOf(services, { plan, from: { recoveryPoint: point.id }, isDrill: false });
}
