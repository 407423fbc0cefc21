import { ec2Client } from '../../aws/clients.ts';
import { z } from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { Operation, Site } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';

export const siteSchema = z.enum(['primary', 'recovery']);

export function regionOf(plan: Plan, site: Site): string {
  return site === 'primary' ? plan.primary.region : plan.recovery.region;
}

/**
 * The instance of a server at a site: the plan's own in the primary Region; in the recovery Region the one that this failover
 * launched, or the failover behind which production runs there now.
 */
export async function instanceOf(services: Services, context: Context, site: Site, server: string): Promise<string> {
  const plan = services.plan(context.plan);
  if (site === 'primary') return plan.servers[server]?.instance ?? '';
  const instance = (await failoverOf(services, context))?.servers[server]?.instance ?? null;
  if (instance === null)
    throw new Failure(
      'LaunchFailed',
      `Server ${server} of plan ${plan.name} has no instance in ${plan.recovery.region}.`,
    );
  return instance;
}

/** The failover that launched what a step of `context` works on. */
export async function failoverOf(services: Services, context: Context): Promise<Operation | undefined> {
  const operation = await services.catalogue.operationOf(context);
  if (operation.kind === 'failover') return operation;
  const { failover } = await services.catalogue.state(context.plan);
  return failover === null ? undefined : services.catalogue.operation(context.plan, failover);
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
