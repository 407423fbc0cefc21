import * as z from 'zod';
import type { PointHeader } from '../../domain/catalogue.ts';
import { atHome } from '../../domain/homes.ts';
import { hydrationSeconds } from '../../domain/hydration.ts';
import { withMembers } from '../../domain/members.ts';
import { predictRto } from '../../domain/phase-times.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Readiness } from '../../domain/readiness.ts';
import { metrics } from '../../names.ts';
import { type Findings, findingsOf } from '../failover/findings.ts';
import { publish } from '../operation/publish.ts';
import type { Services } from '../services.ts';

export const readinessInputSchema = z.object({ plan: z.string() });

/**
 * The preflight of a failover, before anybody needs one: what would stop it, or leave servers without room, is kept for `homeward status`, and counted in a metric with an
 * alarm. A look that found nothing, but could not look at all of it, has no number: nobody knows, and the alarm goes on where that lasts. While production is away there is nothing to fail over, and nothing is found. It holds nothing and changes nothing else.
 */
export async function lookWhetherReady(
  services: Services,
  input: z.infer<typeof readinessInputSchema>,
): Promise<Readiness> {
  const { catalogue } = services;
  const { name } = services.plan(input.plan);
  const { phase, homes } = await catalogue.state(name);
  const point = phase === 'protected' ? await catalogue.newestAvailable(name) : undefined;
  const plan = atHome(withMembers(services.plan(name), point?.members ?? {}), homes);
  const found = phase === 'protected' ? await find(services, plan, point) : nothing;
  // Without a point nobody knows which servers its groups have.
  const predicted =
    point === undefined ? { rtoSeconds: null, rtoPhases: [] } : predictRto(plan, await catalogue.phaseTimes(name));
  const fullPerformanceSeconds = await untilFilled(services, plan, point, predicted.rtoSeconds);
  const at = services.now().toISOString();
  const seen = { plan: name, at, phase, recoveryPoint: point?.id ?? null };
  const readiness: Readiness = { ...seen, ...found, ...predicted, fullPerformanceSeconds };
  await catalogue.setReadiness(readiness);
  const findings = found.blocking.length + found.short.length + found.unfenceable.length;
  const isKnown = findings > 0 || found.unseen.length === 0;
  await publish(services, { plan: name, step: 'watch/readiness' }, [
    ...(isKnown ? [{ metric: metrics.readinessFindings, value: findings }] : []),
    ...(predicted.rtoSeconds === null ? [] : [{ metric: metrics.predictedRto, value: predicted.rtoSeconds }]),
  ]);
  return readiness;
}

const nothing: Findings = { blocking: [], short: [], unfenceable: [], unseen: [], warnings: [] };

async function find(services: Services, plan: Plan, point: PointHeader | undefined): Promise<Findings> {
  if (point === undefined) return { ...nothing, blocking: ['it has no available recovery point'] };
  return findingsOf(services, { plan, from: { recoveryPoint: point.id }, isDrill: false });
}

/** As if the last server were launched when users are led to it: no earlier, so that it is the latest. */
async function untilFilled(
  services: Services,
  { name, recovery: { hydration } }: Plan,
  point: PointHeader | undefined,
  rtoSeconds: number | null,
): Promise<number | null> {
  if (hydration === undefined || point === undefined || rtoSeconds === null) return null;
  const servers = await services.catalogue.pointServers(name, point.id);
  const volumes = servers.flatMap((server) => Object.values(server.volumes));
  return rtoSeconds + hydrationSeconds(volumes, hydration.mibPerSecond);
}
