import { ec2Client, serviceQuotasClient } from '../../aws/clients.ts';
import { onDemandTypes, vcpusOf } from '../../aws/instances.ts';
import { readQuota } from '../../aws/quotas.ts';
import { volumesOfTypes } from '../../aws/volumes.ts';
import type { PointServer } from '../../domain/catalogue.ts';
import { demandsOf, shortOf } from '../../domain/quotas.ts';
import type { Services } from '../services.ts';

/**
 * The quotas of the recovery Region that are too small for the servers beside all that is there, each server of its own type. Which other types
 * the plan allows is no matter: most of them count against the same quota.
 */
export async function shortQuotas(
  services: Services,
  region: string,
  images: ReadonlyMap<string, PointServer>,
): Promise<string[]> {
  const ec2 = services.client(ec2Client, region);
  const servers = [...images.values()];
  const needed = {
    instanceTypes: servers.map(({ configuration }) => configuration.instanceType),
    volumes: servers.flatMap(({ volumes }) => Object.values(volumes)),
  };
  const volumeTypes = [...new Set(needed.volumes.map(({ volumeType }) => volumeType))];
  const inUse = { instanceTypes: await onDemandTypes(ec2), volumes: await volumesOfTypes(ec2, volumeTypes) };
  const types = [...new Set([...needed.instanceTypes, ...inUse.instanceTypes])];
  const found: string[] = [];
  for (const demand of demandsOf(needed, inUse, await vcpusOf(ec2, types))) {
    const limit = await readQuota(services.client(serviceQuotasClient, region), demand.quota);
    const short = limit === undefined ? undefined : shortOf(region, demand, limit);
    if (short !== undefined) found.push(short);
  }
  return found;
}
