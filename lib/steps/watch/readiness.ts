import { z } from 'zod';
import type { PointHeader } from '../../domain/catalogue.ts';
import { withMembers } from '../../domain/members.ts';
import { predictedRtoSeconds, type Readiness } from '../../domain/readiness.ts';
import { metrics } from '../../names.ts';
import { findingsOf } from '../failover/findings.ts';
import { publish } from '../operation/publish.ts';
import type { Services } from '../services.ts';

export const readinessInputSchema = z.object({ plan: z.string() });

/**
 * The preflight of a failover, before anybody needs one: what would stop it is kept for `homeward status`, and counted in a metric with an
 * alarm. While production is away there is nothing to fail over, and nothing is found. It holds nothing and changes nothing else.
 */
export async function lookWhetherReady(
  services: Services,
  input: z.infer<typeof readinessInputSchema>,
): Promise<Readiness> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  const { phase } = await catalogue.state(plan.name);
  const point = phase === 'protected' ? await catalogue.newestAvailable(plan.name) : undefined;
  const found = phase === 'protected' ? await find(services, plan.name, point) : { blocking: [], warnings: [] };
  const measured = [...(await catalogue.moves(plan.name)), ...(await catalogue.drills(plan.name))];
  const rtoSeconds = predictedRtoSeconds(measured);
  const at = services.now().toISOString();
  const readiness: Readiness = { plan: plan.name, at, phase, recoveryPoint: point?.id ?? null, ...found, rtoSeconds };
  await catalogue.setReadiness(readiness);
  await publish(services, { plan: plan.name, step: 'watch/readiness' }, [
    { metric: metrics.readinessFindings, value: found.blocking.length },
    ...(rtoSeconds === null ? [] : [{ metric: metrics.predictedRto, value: rtoSeconds }]),
  ]);
  return readiness;
}

async function find(services: Services, name: string, point: PointHeader | undefined) {
  if (point === undefined) return { blocking: ['it has no available recovery point'], warnings: [] };
  const plan = withMembers(services.plan(name), point.members);
  return findingsOf(services, { plan, from: { recoveryPoint: point.id }, isDrill: false });
}
