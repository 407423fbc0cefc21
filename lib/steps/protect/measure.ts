import * as z from 'zod';
import { cloudwatchClient } from '../../aws/clients.ts';
import { type Measurement, putMeasurements } from '../../aws/metrics.ts';
import { cameHomeAt, type Exposure, exposedAway, exposureOf } from '../../domain/rpo.ts';
import { metrics } from '../../names.ts';
import type { Services } from '../services.ts';

export const measureSchema = z.object({ plan: z.string() });

/**
 * Publishes how old the newest available point of a plan is, or while production is away what came home last, and how many points are under way or failed since. It runs by a schedule
 * of its own: its numbers go on when no protect run succeeds, or none begins. It holds nothing and changes nothing.
 */
export async function measure(services: Services, input: z.infer<typeof measureSchema>): Promise<Exposure> {
  const plan = services.plan(input.plan);
  const now = services.now();
  const headers = await services.catalogue.newestPointHeaders(plan.name);
  const available = headers.find(({ status }) => status === 'available');
  const servers = available === undefined ? [] : await services.catalogue.pointServers(plan.name, available.id);
  const exposure = await whereItRuns(services, plan.name, exposureOf(headers, servers, now));
  await putMeasurements(services.client(cloudwatchClient), plan.name, measurementsOf(exposure), now);
  return exposure;
}

async function whereItRuns(services: Services, plan: string, atHome: Exposure): Promise<Exposure> {
  const { catalogue } = services;
  const { activeSite, failover: id } = await catalogue.state(plan);
  const failover = activeSite === 'recovery' ? await catalogue.operation(plan, id ?? '') : undefined;
  if (failover === undefined) return atHome;
  const { servers } = await services.planOf({ plan, operation: failover.id });
  const cameHome = cameHomeAt(failover, Object.keys(servers), await catalogue.twins(plan));
  return exposedAway(atHome, cameHome, services.now());
}

/** Where no point is available, no age is published: the alarm takes a missing one for too great a one. */
function measurementsOf({ rpoSeconds, rpoSecondsOf, copyAgeSeconds, capturing, failed }: Exposure): Measurement[] {
  return [
    ...(rpoSeconds === null ? [] : [{ metric: metrics.rpoActual, value: rpoSeconds }]),
    ...Object.entries(rpoSecondsOf).map(([server, value]) => ({ metric: metrics.rpoActual, value, server })),
    ...(copyAgeSeconds === null ? [] : [{ metric: metrics.copyAge, value: copyAgeSeconds }]),
    { metric: metrics.pointsCapturing, value: capturing },
    { metric: metrics.pointsFailed, value: failed },
  ];
}
