import * as z from 'zod';
import type { Operation } from './catalogue.ts';
import { Failure } from './failure.ts';
import { name } from './fields.ts';
import { instanceId } from './ids.ts';
import { memberOf } from './members.ts';
import type { Plan } from './plan.ts';

/** Which instance a server is at home since it came home as a new one, and those that it was before, oldest first: somebody keeps them, or they are gone. */
const homeSchema = z.object({ instance: instanceId, formerly: z.array(instanceId).readonly() }).readonly();

/** By server; servers that never came home as new ones are not among them. */
export const homesSchema = z.record(name, homeSchema).readonly();
export type Homes = z.output<typeof homesSchema>;

/**
 * A plan with each server as the instance that it is at home: one that its file, or the group that had picked it, knows as what it was before is another one by now. What
 * the file names anew needs nothing of this.
 */
export function atHome(plan: Plan, homes: Homes = {}): Plan {
  const servers = Object.entries(plan.servers).map(([server, entry]) => {
    const home = homes[server];
    return [
      server,
      home?.formerly.includes(entry.instance) === true ? { ...entry, instance: home.instance } : entry,
    ] as const;
  });
  return { ...plan, servers: Object.fromEntries(servers) };
}

type Moving = Pick<Operation, 'newServers' | 'servers'>;

/** Whether a failback brings a server home as a new one. */
export function isNewAtHome({ newServers = [] }: Pick<Operation, 'newServers'>, server: string): boolean {
  return newServers.includes(server);
}

/** Whether a failback may have changed something at home: swapped volumes, or launched servers, which it does after its final round. */
export function mayHaveChangedHome({
  swapped,
  rounds,
  newServers = [],
}: Pick<Operation, 'swapped' | 'rounds' | 'newServers'>): boolean {
  return Object.keys(swapped).length > 0 || (newServers.length > 0 && rounds.some(({ isFinal }) => isFinal));
}

/** The instance of a server that a failback has launched at home; `undefined` where it has not. */
export function newHomeOf(operation: Moving, server: string): string | undefined {
  return isNewAtHome(operation, server) ? (operation.servers[server]?.instance ?? undefined) : undefined;
}

/** The homes of a plan once a failback is final. @param plan as it was until then, with the homes that it had */
export function homesAfter(plan: Plan, homes: Homes = {}, operation: Moving): Homes {
  const moved = Object.entries(plan.servers).flatMap(([server, { instance: was }]) => {
    const instance = newHomeOf(operation, server);
    if (instance === undefined) return [];
    const before = [...(homes[server]?.formerly ?? []), homes[server]?.instance ?? was, was];
    return [[server, { instance, formerly: [...new Set(before)].filter((id) => id !== instance) }] as const];
  });
  return { ...homes, ...Object.fromEntries(moved) };
}

/** What people have to know of servers that came home as new ones: nobody else sees to what they were. */
export function homeLines({ newServers = [] }: Pick<Operation, 'newServers'>, homes: Homes = {}): string[] {
  return newServers.flatMap((server) => {
    const { instance, formerly = [] } = homes[server] ?? {};
    if (instance === undefined) return [];
    return [
      `server ${server} is ${instance} at home from now on; what it was before, ${formerly.at(-1) ?? ''}, is left as it is, yours to keep or to terminate`,
    ];
  });
}

/**
 * What a server was before it came home as a new one is that server no more, under whatever name the plan's file goes on naming it: it would be protected, and stopped, in place of the one
 * that serves. Without `failback.newServers` no role may touch the servers that came home as new ones, and nobody asks which they are: what was stopped in their place would be
 * something else.
 * @throws Failure PreflightFailed
 */
export function refuseForgotten(plan: Plan, homes: Homes | undefined): void {
  if (homes === undefined) return;
  const named = atHome(plan, homes).servers;
  for (const [server, { instance }] of Object.entries(named)) {
    const [was, home] = Object.entries(homes).find(([, { formerly }]) => formerly.includes(instance)) ?? [];
    if (home !== undefined)
      throw new Failure(
        'PreflightFailed',
        `Plan ${plan.name} names ${instance} as server ${server}: that is what ${was} was before it came home as ${home.instance}. Name ${home.instance} instead, and deploy the plan. Nothing was changed.`,
      );
  }
  if (plan.failback.newServers !== undefined) return;
  const forgotten = Object.keys(homes).filter(
    (server) =>
      named[server]?.instance !== plan.servers[server]?.instance ||
      Object.hasOwn(plan.groups, memberOf(server)?.group ?? ''),
  );
  if (forgotten.length === 0) return;
  const are = forgotten.map((server) => `${server} is ${homes[server]?.instance ?? ''}`);
  throw new Failure(
    'PreflightFailed',
    `Plan ${plan.name} has servers that came home as new ones (${are.join(', ')}), and no longer says failback.newServers. Put it back, or name those instances in the plan, and deploy it. Nothing was changed.`,
  );
}
