import { ec2Client } from '../../aws/clients.ts';
import { deregisterImage, findImages } from '../../aws/images.ts';
import { findInstances, type InstanceFacts, terminateInstances } from '../../aws/instances.ts';
import type { Maker } from '../../aws/tags.ts';
import { deleteFree, findVolumes } from '../../aws/volumes.ts';
import { isDrill } from '../../domain/drill.ts';
import { launchSite } from '../../domain/launch-site.ts';
import type { Context, Services } from '../services.ts';

type Launcher = Pick<Context, 'plan' | 'operation'>;

/** What the resources of a launched server say that they were made by. */
export function launchStep(server: string): string {
  return `launch/${server}`;
}

/** The Region that an operation launches into. */
export async function launchRegion({ plan, catalogue }: Services, launcher: Launcher): Promise<string> {
  const { operation: id } = launcher;
  const operation = isDrill(id) ? await catalogue.operation(launcher.plan, id) : undefined;
  return plan(launcher.plan)[launchSite({ id, ...operation })].region;
}

/**
 * What an operation launched and is not terminated, by its tags: an answer that was lost left no id in the catalogue, and the plan or its point
 * may be others by now.
 */
export async function launchedBy(services: Services, launcher: Launcher, where?: string): Promise<InstanceFacts[]> {
  const region = where ?? (await launchRegion(services, launcher));
  return findInstances(services.client(ec2Client, region), { plan: launcher.plan, operation: launcher.operation });
}

/**
 * Ends what was launched, with its images and volumes. Returns whether all of it is gone.
 * @param servers whose; left out: all that the operation launched
 * @param region where; left out: where it launches
 */
export async function removeServers(
  services: Services,
  launcher: Launcher,
  launched: readonly InstanceFacts[],
  { servers, region }: { readonly servers?: readonly string[]; readonly region?: string } = {},
): Promise<boolean> {
  const ec2 = services.client(ec2Client, region ?? (await launchRegion(services, launcher)));
  const left = launched.filter(({ state }) => state !== 'shutting-down');
  await terminateInstances(
    ec2,
    left.map(({ id }) => id),
  );
  await deregisterImages(services, launcher, servers, region);
  let isGone = launched.length === 0;
  for (const maker of makersOf(launcher, servers))
    isGone = (await deleteFree(ec2, await findVolumes(ec2, maker))) && isGone;
  return isGone;
}

/** @param servers whose; left out: all that the operation launched. @param region where; left out: where it launches */
export async function deregisterImages(
  services: Services,
  launcher: Launcher,
  servers?: readonly string[],
  region?: string,
): Promise<void> {
  const ec2 = services.client(ec2Client, region ?? (await launchRegion(services, launcher)));
  for (const maker of makersOf(launcher, servers))
    for (const image of await findImages(ec2, maker)) await deregisterImage(ec2, image.id);
}

function makersOf({ plan, operation }: Launcher, servers: readonly string[] | undefined): Maker[] {
  return servers === undefined
    ? [{ plan, operation }]
    : servers.map((server) => ({ plan, operation, step: launchStep(server) }));
}
