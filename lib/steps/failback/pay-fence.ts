import { ec2Client } from '../../aws/clients.ts';
import type * as z from 'zod';
import { describeInstances } from '../../aws/instances.ts';
import type { Unreplicated } from '../../domain/catalogue.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { nextPoll, nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { snapshotOnce } from '../operation/snapshot-once.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import { serversAway } from '../waves/site.ts';
import { refuseUnnoted } from '../waves/isolate.ts';
import { stopServers } from '../waves/stop.ts';
import { unreplicatedOf } from './unreplicated.ts';

export const payFenceSchema = contextSchema.extend({ poll: pollSchema });

/** Servers stop within minutes; the first snapshot of a large volume may take hours. @source aws-facts [1.2] */
const stopSecondsMax = 1_800;
const snapshotSecondsMax = 12 * 3_600;

/**
 * Pays the owed fence before anything in the primary is let back (I1): its servers are stopped, and what their volumes hold is
 * kept in snapshots and reported, because writes that never reached the recovery Region are on them (I5).
 */
export async function payFence(services: Services, input: z.infer<typeof payFenceSchema>): Promise<MayAsk> {
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
  const ec2 = services.client(ec2Client, plan.primary.region);
  const servers = Object.entries(plan.servers);
  const instances = await describeInstances(
    ec2,
    servers.map(([, { instance }]) => instance),
  );
  await stopServers(services, input, plan.primary.region, instances);
  const left = instances.filter(({ state }) => state !== 'terminated' && state !== 'shutting-down').map(({ id }) => id);
  const lost = servers.filter(([, { instance }]) => !left.includes(instance));
  if (lost.length > 0)
    throw new Failure(
      'PrimaryNotReachable',
      `Cannot fail back plan ${plan.name}: ${lost.map(([name, { instance }]) => `${instance} of server ${name}`).join(', ')} no longer exists in ${plan.primary.region}. Recovery goes on serving.`,
    );
  await refuseUnnoted(services, plan, instances);
  const isStopped = instances.every((instance) => instance.state === 'stopped');
  if (!isStopped) return notYet(services, input, stopSecondsMax, 'the servers did not stop');
  const returned = new Map<string, SnapshotFacts[]>();
  // One that was left out starts again with the disks it has: nothing takes their place.
  const away = await serversAway(services, input);
  for (const [server, { instance: id }] of servers.filter(([name]) => away.includes(name))) {
    const instance = instances.find((facts) => facts.id === id);
    assertInvariant(instance !== undefined, 'I5', `server ${server} of the returned primary is not looked at`);
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
  await services.catalogue.addEvent(input.operation, services.now(), noteOf(unreplicated));
  return nextPoll(input.poll, true, services.now());
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
