import type { Context, Services } from '../services.ts';
import { protectedServers, switchProtections } from '../waves/protections.ts';

/**
 * Gives the launched servers the protections against stopping and termination that they had when they were captured. Only once the
 * failover is final: an undo must be able to end what was launched.
 */
export async function safeguard(services: Services, context: Context): Promise<{ servers: number }> {
  const state = await services.proveEpoch(context);
  const servers = state.commit === context.operation ? await protectedServers(services, context) : [];
  await switchProtections(services, context, servers, { isOn: true });
  return { servers: servers.length };
}
