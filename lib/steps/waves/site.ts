import { ec2Client } from '../../aws/clients.ts';
import { z } from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { Site } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';

export const siteSchema = z.enum(['primary', 'recovery']);

export function regionOf(plan: Plan, site: Site): string {
  return site === 'primary' ? plan.primary.region : plan.recovery.region;
}

/** The instance of a server at a site: the plan's own in the primary Region, the launched one in the recovery Region. */
export async function instanceOf(services: Services, context: Context, site: Site, server: string): Promise<string> {
  const plan = services.plan(context.plan);
  if (site === 'primary') return plan.servers[server]?.instance ?? '';
  const state = await services.catalogue.state(context.plan);
  const operation = await services.catalogue.operation(context.plan, state.failover ?? context.operation);
  const instance = operation?.servers[server]?.instance ?? null;
  if (instance === null)
    throw new Failure(
      'LaunchFailed',
      `Server ${server} of plan ${plan.name} has no instance in ${plan.recovery.region}.`,
    );
  return instance;
}

/** The servers of a site by name, as AWS describes them now. */
export async function instancesOf(
  services: Services,
  context: Context,
  site: Site,
  servers: readonly string[],
): Promise<Map<string, InstanceFacts>> {
  const plan = services.plan(context.plan);
  const ids = new Map<string, string>();
  for (const server of servers) ids.set(await instanceOf(services, context, site, server), server);
  const facts = await describeInstances(services.client(ec2Client, regionOf(plan, site)), [...ids.keys()]);
  return new Map(facts.map((instance) => [ids.get(instance.id) ?? '', instance]));
}
