import type * as z from 'zod';
import type { InstanceFacts } from '../../aws/instances.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { mayHaveChangedHome } from '../../domain/homes.ts';
import { pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import { launchedBy, removeServers } from '../failover/launched.ts';
import type { undoSchema } from '../failover/undo.ts';
import type { Services } from '../services.ts';

/**
 * Ends the new servers at home of a failback that is undone, with their images and volumes. It looks for some seconds at least, for a launch of which nobody knows
 * yet. Returns whether all of it is gone.
 * @param before is shown what was launched, before any of it is ended
 */
export async function removeNewServers(
  services: Services,
  input: z.infer<typeof undoSchema>,
  operation: Operation,
  before: (launched: readonly InstanceFacts[]) => Promise<void> = async () => undefined,
): Promise<boolean> {
  const { newServers: servers = [] } = operation;
  if (servers.length === 0 || !mayHaveChangedHome(operation)) return true;
  const launched = await launchedBy(services, input);
  await before(launched);
  // Volumes that the failback replaced carry its tags too.
  const isGone = await removeServers(services, input, launched, { servers });
  return isGone && pollingSeconds(input.poll, services.now()) >= settledSeconds;
}
