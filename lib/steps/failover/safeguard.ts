import { launchSite } from '../../domain/launch-site.ts';
import type { Context, Services } from '../services.ts';
import { protectedOf, switchProtections } from '../waves/protections.ts';

/**
 * Gives the launched servers the protections against stopping and termination that they had when they were captured. Only once the
 * operation is final: an undo must be able to end what was launched.
 */
export async function safeguard(services: Services, context: Context): Promise<{ servers: number }> {
  const state = await services.proveEpoch(context);
  const operation = await services.catalogue.operationOf(context);
  const servers = state.commit === operation.id ? await protectedOf(services, operation) : [];
  await switchProtections(services, context, servers, { isOn: true, site: launchSite(operation) });
  return { servers: servers.length };
}
