import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, type InstanceFacts, stopInstances } from '../../aws/instances.ts';
import type { Context, Services } from '../services.ts';

/**
 * Stops those of the instances that run. Each is noted in the operation beforehand, with the public address it has now: an undo
 * starts exactly these again, and they come back with another one.
 * @param before what is to be done to them between the note and the stop
 */
export async function stopServers(
  services: Services,
  context: Context,
  region: string,
  instances: readonly InstanceFacts[],
  before: (running: readonly InstanceFacts[]) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const running = instances.filter(({ state }) => state === 'running' || state === 'pending');
  if (running.length === 0) return;
  for (const { id, publicAddress } of running)
    await services.catalogue.updateOperationEntry(context, 'stopped', id, publicAddress ?? null);
  await before(running);
  await stopInstances(
    services.client(ec2Client, region),
    running.map(({ id }) => id),
  );
}

/** Public addresses that stopped instances had, to the ones they have now that they run again. */
export async function renewedAddresses(
  services: Services,
  context: Context,
  region: string,
): Promise<ReadonlyMap<string, string>> {
  const { stopped } = await services.catalogue.operationOf(context);
  const instances = await describeInstances(services.client(ec2Client, region), Object.keys(stopped));
  const pairs = instances.map(({ id, publicAddress }) => [stopped[id], publicAddress] as const);
  return new Map(
    pairs.filter((pair): pair is [string, string] => typeof pair[0] === 'string' && pair[1] !== undefined),
  );
}
