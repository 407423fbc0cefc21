import type { Operation, Site } from './catalogue.ts';
import { isHomeDrill, withoutPrepared } from './drill.ts';
import { Failure } from './failure.ts';
import type { Plan } from './plan.ts';

/** Whether an operation, by its id, is a failback: what it launches are servers that stay. */
export function isFailback(operation: string): boolean {
  return operation.startsWith('failback-');
}

/** Where an operation launches what it launches: in the recovery Region, unless it drills the way home or goes it. */
export function launchSite(operation: Pick<Operation, 'id' | 'extent'>): Site {
  return isFailback(operation.id) || isHomeDrill(operation) ? 'primary' : 'recovery';
}

/** What the tags of servers that came home as new ones say that they are for. Those stay, and so they are of no sweep of what was launched for a time. */
export const homeServer = 'home-server';

/** What tags say that launched servers, and the images that they are launched from, are for. */
export const launchPurposes = {
  failover: { server: 'recovered-server', image: 'recovery-image' },
  failback: { server: homeServer, image: 'home-image' },
} as const;

/** Of what an operation, by its id, launches. */
export function purposesOf(operation: string) {
  return launchPurposes[isFailback(operation) ? 'failback' : 'failover'];
}

/**
 * A plan as a failback launches new servers by it: what it recovers to is the primary Region. Ids that `failback.newServers` does not map stay as they were captured; addresses and
 * room that are prepared in the recovery Region are none at home.
 * @throws Failure InvalidInput when the plan wants no new servers
 */
export function asNewAtHome(plan: Plan): Plan {
  const { newServers } = plan.failback;
  if (newServers === undefined)
    throw new Failure(
      'InvalidInput',
      `newServers: plan ${plan.name} brings no new servers home. Write "failback.newServers" into the plan, {} for the places where they stood, and deploy it. Nothing was changed.`,
    );
  const unprepared = withoutPrepared(plan, 'open');
  const { userData, capacity, fallback, ...recovery } = unprepared.recovery;
  const mapped = (of: 'subnets' | 'securityGroups') =>
    Object.fromEntries(Object.keys(recovery[of]).map((id) => [id, newServers[of][id] ?? id]));
  return {
    ...unprepared,
    recovery: {
      region: plan.primary.region,
      subnets: mapped('subnets'),
      securityGroups: mapped('securityGroups'),
      ...(userData === undefined ? {} : { userData }),
      ...(capacity === undefined ? {} : { capacity }),
      ...(fallback === undefined ? {} : { fallback: { ...fallback, subnets: {} } }),
    },
  };
}
