import { ec2Client } from '../../aws/clients.ts';
import * as z from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { Operation, Site } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { newHomeOf } from '../../domain/homes.ts';
import { isMissing } from '../../domain/left-out.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';

export const siteSchema = z.enum(['primary', 'recovery']);

export function regionOf(plan: Plan, site: Site): string {
  return site === 'primary' ? plan.primary.region : plan.recovery.region;
}

function instanceAway(failover: Operation | undefined, plan: Plan, server: string): string {
  const instance = failover?.servers[server]?.instance ?? null;
  if (failover === undefined || instance === null || isMissing(failover, server))
    throw new Failure(
      'LaunchFailed',
      `Server ${server} of plan ${plan.name} has no instance in ${plan.recovery.region}.`,
    );
  return instance;
}

function instanceAtHome(operation: Operation | undefined, plan: Plan, server: string): string {
  const launched = operation === undefined ? undefined : newHomeOf(operation, server);
  return launched ?? plan.servers[server]?.instance ?? '';
}

/** The failover that launched what a step of `context` works on. */
export async function failoverOf(services: Services, context: Context): Promise<Operation | undefined> {
  const operation = await services.catalogue.operationOf(context);
  if (operation.kind === 'failover' || operation.kind === 'drill') return operation;
  const { failover } = await services.catalogue.state(context.plan);
  return failover === null ? undefined : services.catalogue.operation(context.plan, failover);
}

/** The servers of the plan that the failover behind which production runs has brought up; the others are still at home. */
export async function serversAway(services: Services, context: Context): Promise<string[]> {
  const { servers } = await services.planOf(context);
  const failover = await failoverOf(services, context);
  return Object.keys(servers).filter((server) => failover === undefined || !isMissing(failover, server));
}

/**
 * The servers of a site by name, as AWS describes them now: in the primary Region the plan's own, or those that this failback has launched in their place; in the
 * recovery Region those that this failover launched, or the failover behind which production runs there now.
 */
export async function instancesOf(
  services: Services,
  context: Context,
  site: Site,
  servers: readonly string[],
): Promise<Map<string, InstanceFacts>> {
  const plan = await services.planOf(context);
  const launcher =
    site === 'primary' ? await services.catalogue.operationOf(context) : await failoverOf(services, context);
  const idOf = (server: string) =>
    site === 'primary' ? instanceAtHome(launcher, plan, server) : instanceAway(launcher, plan, server);
  const ids = new Map(servers.map((server) => [idOf(server), server]));
  const facts = await describeInstances(services.client(ec2Client, regionOf(plan, site)), [...ids.keys()]);
  return new Map(facts.map((instance) => [ids.get(instance.id) ?? '', instance]));
}
