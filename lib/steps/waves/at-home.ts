import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, findTaggedInstances, type InstanceFacts } from '../../aws/instances.ts';
import { homeServer } from '../../domain/launch-site.ts';
import type { Plan } from '../../domain/plan.ts';
import { tags } from '../../names.ts';
import type { Services } from '../services.ts';

/** What may write at home: the servers of a plan, as far as AWS knows them, and what failbacks launched there that were undone while nobody could end it. */
export interface ServersAtHome {
  readonly instances: readonly InstanceFacts[];
  readonly strays: readonly InstanceFacts[];
}

/** @param plan with each server as the instance that it is at home */
export async function lookAtHome(services: Services, plan: Plan): Promise<ServersAtHome> {
  const ec2 = services.client(ec2Client, plan.primary.region);
  const instances = await describeInstances(
    ec2,
    Object.values(plan.servers).map(({ instance }) => instance),
  );
  if (plan.failback.newServers === undefined) return { instances, strays: [] };
  const launched = await findTaggedInstances(ec2, { [tags.plan]: plan.name, [tags.purpose]: homeServer });
  const { homes = {} } = await services.catalogue.state(plan.name);
  const known = new Set(Object.values(homes).flatMap(({ instance, formerly }) => [instance, ...formerly]));
  return { instances, strays: launched.filter(({ id }) => !known.has(id)) };
}
