import type * as z from 'zod';
import { type InstanceFacts, isEnding } from '../../aws/instances.ts';
import type { Unreplicated } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { isNewAtHome } from '../../domain/homes.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, nextPollWithin, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { snapshotOnce } from '../operation/snapshot-once.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { serversAway } from '../waves/site.ts';
import { refuseUnnoted } from '../waves/isolate.ts';
import { stopServers } from '../waves/stop.ts';
import { lookAtHome } from '../waves/at-home.ts';
import { leftAtHome } from './put-back.ts';
import { unreplicatedOf } from './unreplicated.ts';

export const payFenceSchema = contextSchema.extend({ poll: pollSchema });

/** A server that AWS does not describe for so long is gone. Not at once: a Region that has just returned may not tell of all that runs there. */
const goneSeconds = 60;
/** Servers stop within minutes; the first snapshot of a large volume may take hours. @source aws-facts [1.2] */
const stopSecondsMax = 1_800;
const snapshotSecondsMax = 12 * 3_600;

/** `isToPutBack`: all is stopped, and what an earlier failback left there comes first; then it is to be paid again. */
type FencePaid = MayAsk & { readonly isToPutBack?: true };

/**
 * Pays the owed fence before anything in the primary is let back (I1): its servers are stopped, and what their volumes hold is
 * kept in snapshots and reported, because writes that never reached the recovery Region are on them (I5).
 */
export async function payFence(services: Services, input: z.infer<typeof payFenceSchema>): Promise<FencePaid> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  // Before anything there is touched: an outage may have been an attack.
  const asking = await askFirst(services, input, {
    key: 'primary-is-safe',
    text: `Plan ${plan.name} is about to come home to ${plan.primary.region}. Is the primary safe, and why?`,
    rule: plan.failback.questions?.primaryIsSafe,
  });
  if (asking !== undefined) return asking;
  await services.catalogue.progress(input, { progression: 'paying the fence' }, services.now());
  const { instances, strays } = await lookAtHome(services, plan);
  await stopServers(services, input, plan.primary.region, [...instances, ...strays]);
  const left = instances.filter((instance) => !isEnding(instance));
  await refuseLost(services, input, plan, left);
  await refuseUnnoted(services, plan, left);
  const isGoneForSure =
    instances.length === Object.keys(plan.servers).length || pollingSeconds(input.poll, services.now()) >= goneSeconds;
  const isStopped =
    isGoneForSure && [...instances, ...strays].every(({ state }) => state === 'stopped' || state === 'terminated');
  if (!isStopped) return notYet(services, input, stopSecondsMax, 'the servers did not stop');
  // Before what they hold is kept: it is on the volumes that were theirs.
  if ((await leftAtHome(services, plan.name)).length > 0)
    return { ...nextPoll(input.poll, true, services.now()), isToPutBack: true };
  const returned = new Map<string, SnapshotFacts[]>();
  // One that was left out starts again with the disks it has: nothing takes their place.
  const away = await serversAway(services, input);
  for (const server of away) {
    const id = plan.servers[server]?.instance;
    const instance = left.find((facts) => facts.id === id);
    // Nothing is left to keep of one that is gone, or it would have been refused.
    if (instance === undefined) continue;
    const owner = {
      plan: plan.name,
      operation: input.operation,
      purpose: 'returned-primary',
      step: `returned/${server}`,
      server,
    };
    const snapshots = await snapshotOnce(services, input, plan.primary.region, { instance, owner });
    returned.set(server, snapshots);
  }
  const isKept = [...returned.values()].flat().every(({ state }) => state === 'completed');
  if (!isKept) return notYet(services, input, snapshotSecondsMax, 'the snapshots of what they hold did not complete');
  const unreplicated = await unreplicatedOf(services, input, returned);
  await services.catalogue.updateOperation(input, { unreplicated });
  await services.catalogue.changeState(input, { kind: 'fence', status: 'confirmed', now: services.now() });
  for (const line of goneLines(plan, left)) await services.catalogue.addEvent(input.operation, services.now(), line);
  await services.catalogue.addEvent(input.operation, services.now(), noteOf(unreplicated));
  return nextPoll(input.poll, true, services.now());
}

function goneFrom({ servers }: Plan, left: readonly InstanceFacts[]): [server: string, instance: string][] {
  const there = new Set(left.map(({ id }) => id));
  return Object.entries(servers).flatMap(([server, { instance }]) => (there.has(instance) ? [] : [[server, instance]]));
}

/** Only a server that comes home as a new one may be gone. @throws Failure PrimaryNotReachable */
async function refuseLost(
  services: Services,
  context: Context,
  plan: Plan,
  left: readonly InstanceFacts[],
): Promise<void> {
  const operation = await services.catalogue.operationOf(context);
  const lost = goneFrom(plan, left).filter(([server]) => !isNewAtHome(operation, server));
  if (lost.length === 0) return;
  const away = await serversAway(services, context);
  const returning = lost.flatMap(([server]) => (away.includes(server) ? [server] : []));
  const staying = lost.flatMap(([server]) => (away.includes(server) ? [] : [server]));
  const names = [...(operation.newServers ?? []), ...returning];
  const advice = [
    ...(returning.length === 0
      ? []
      : [
          `Bring home what is gone as new servers: start the failback with "newServers": ${JSON.stringify(names)}, in a plan with failback.newServers.`,
        ]),
    ...(staying.length === 0
      ? []
      : [`The failover went on without ${staying.join(', ')}: take what is gone out of the plan, and deploy it.`]),
  ];
  throw new Failure(
    'PrimaryNotReachable',
    `Cannot fail back plan ${plan.name}: ${lost.map(([server, instance]) => `${instance} of server ${server}`).join(', ')} no longer exists in ${plan.primary.region}. Recovery goes on serving. ${advice.join(' ')}`,
  );
}

function goneLines(plan: Plan, left: readonly InstanceFacts[]): string[] {
  return goneFrom(plan, left).map(
    ([server, instance]) =>
      `${instance} of server ${server} no longer exists in ${plan.primary.region}: there is nothing of it to stop, and nothing to keep`,
  );
}

function noteOf(unreplicated: Readonly<Record<string, Unreplicated>>): string {
  const volumes = Object.entries(unreplicated).map(([key, { blocks, snapshot }]) => `${key} ${blocks} (${snapshot})`);
  const fenced = 'primary fence confirmed, its content kept';
  return volumes.length === 0 ? fenced : `${fenced}; blocks that no recovery point had: ${volumes.join(', ')}`;
}

function notYet(
  services: Services,
  input: z.infer<typeof payFenceSchema>,
  withinSeconds: number,
  what: string,
): PollResult {
  return nextPollWithin(input.poll, false, services.now(), {
    withinSeconds,
    overdue: () =>
      new Failure(
        'PrimaryNotReachable',
        `Cannot fail back plan ${input.plan}: ${what} within ${withinSeconds} s. Recovery goes on serving; look at the instances, then start the failback again.`,
      ),
  });
}
