import { memberName } from '../lib/domain/members.ts';
import type { Plan } from '../lib/domain/plan.ts';
import type { World, WorldAction, WorldEvent, WorldServer } from './world.ts';

const server: WorldServer = {
  instanceType: 'm7i.large',
  volumes: {
    '/dev/xvda': { sizeGib: 8, writtenBlocks: 64, volumeType: 'gp3', isEncrypted: false },
    '/dev/sdf': { sizeGib: 16, writtenBlocks: 64, volumeType: 'gp3', isEncrypted: true },
  },
};

/** Four points, then the primary Region is lost for three quarters of an hour, and ten minutes later a person starts the way home. */
const pointsBefore = 4;
const lostSeconds = 2_700;
const homeAfterSeconds = 600;
/** Between the outage and a person who starts the failover, where the plan has no automatic one. */
const alertedAfterSeconds = 300;

/** The world of a plan whose owner has described none: a root and an encrypted data volume a server, written to all along. */
export function defaultWorld(plan: Plan): World {
  const { everySeconds } = plan.protection;
  const outageAt = Math.round(everySeconds * (pointsBefore + 0.6));
  const returnAt = outageAt + lostSeconds + plan.failover.rtoTargetSeconds;
  const failbackAt = returnAt + homeAfterSeconds;
  const once = (atSeconds: number, action: WorldAction): WorldEvent => ({
    atSeconds,
    everySeconds: 0,
    times: 1,
    action,
  });
  const names = [...Object.keys(plan.servers), ...Object.keys(plan.groups).flatMap(membersOf)];
  const writes = names.map((name) => {
    const action: WorldAction = { kind: 'write', server: name, device: '/dev/sdf', blocks: 4 };
    const pauseSeconds = Math.max(60, Math.round(everySeconds / 2));
    return { atSeconds: 60, everySeconds: pauseSeconds, times: Math.floor(failbackAt / pauseSeconds), action };
  });
  return {
    servers: Object.fromEntries(names.map((name) => [name, server])),
    events: [
      ...writes,
      once(outageAt, { kind: 'outage' }),
      ...(plan.failover.automatic === undefined
        ? [once(outageAt + alertedAfterSeconds, { kind: 'failover', recoveryPoint: 'latest' })]
        : []),
      once(returnAt, { kind: 'return' }),
      once(failbackAt, { kind: 'failback' }),
    ],
  };
}

/** Two instances that carry the tags of a group. */
function membersOf(group: string, index: number): string[] {
  return [1, 2].map((number) => memberName(group, `i-${(16 * (index + 1) + number).toString(16).padStart(17, '0')}`));
}
