import type { Patience } from '../../aws/call.ts';
import { ec2Client, serviceQuotasClient } from '../../aws/clients.ts';
import { onDemandTypes, vcpusOf } from '../../aws/instances.ts';
import { readQuota } from '../../aws/quotas.ts';
import { volumesOfTypes } from '../../aws/volumes.ts';
import type { PointServer } from '../../domain/catalogue.ts';
import { typesOf } from '../../domain/launch-ladder.ts';
import type { Plan } from '../../domain/plan.ts';
import { type Demand, demandsOf, shortOf } from '../../domain/quotas.ts';
import type { Services } from '../services.ts';
import { lookAtEach } from './looks.ts';

/** What of quotas was looked at. */
export interface QuotaFindings {
  /** Those that are too small. */
  readonly short: readonly string[];
  readonly unseen: readonly string[];
}

/**
 * The quotas of the recovery Region that are too small for the servers beside all that is there, each server of the first of its types that the Region
 * has. Which other types the plan allows is no matter: most of them count against the same quota.
 */
export async function quotaFindings(
  services: Services,
  plan: Plan,
  images: ReadonlyMap<string, PointServer>,
  patience: Patience,
): Promise<QuotaFindings> {
  const { region } = plan.recovery;
  const what = `quotas of ${region}`;
  const use = await lookAtEach(what, [plan], () => findDemands(services, plan, [...images.values()], patience));
  const demands = use.found.get(plan) ?? [];
  const client = services.client(serviceQuotasClient, region);
  const limits = await lookAtEach(what, demands, ({ quota }) => readQuota(client, quota, patience));
  const short = demands.flatMap((demand) => {
    const limit = limits.found.get(demand);
    return limit === undefined ? [] : (shortOf(region, demand, limit) ?? []);
  });
  return { short, unseen: [...use.unseen, ...limits.unseen] };
}

async function findDemands(
  services: Services,
  { name, recovery }: Plan,
  servers: readonly PointServer[],
  patience: Patience,
): Promise<Demand[]> {
  const ec2 = services.client(ec2Client, recovery.region);
  const volumes = servers.flatMap((server) => Object.values(server.volumes));
  const volumeTypes = [...new Set(volumes.map(({ volumeType }) => volumeType))];
  const [instanceTypes, volumesInUse] = await Promise.all([
    onDemandTypes(ec2, name, patience),
    volumesOfTypes(ec2, volumeTypes, name, patience),
  ]);
  const ladders = servers.map(({ configuration }) => typesOf(configuration.instanceType, recovery));
  const vcpus = await vcpusOf(ec2, [...new Set([...ladders.flat(), ...instanceTypes])], patience);
  return demandsOf({ ladders, volumes }, { instanceTypes, volumes: volumesInUse }, vcpus);
}
