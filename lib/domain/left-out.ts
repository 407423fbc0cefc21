import * as z from 'zod';
import type { Operation, Site } from './catalogue.ts';
import { name } from './fields.ts';
import type { Plan } from './plan.ts';
import { isOfServer } from './traffic.ts';

/** Why an operation went on without a server. `isRunning`: it is there and not healthy; else it could not be brought up, and nothing of it is there. */
const leftOutServerSchema = z.object({ isRunning: z.boolean(), why: z.string().min(1) }).readonly();
export type LeftOutServer = z.output<typeof leftOutServerSchema>;

/** Servers by name without which an operation went on. Operations of versions that knew none have none. */
export const leftOutSchema = z.record(name, leftOutServerSchema).readonly().default({});

type LeftOut = Pick<Operation, 'leftOut'>;

/** Whether an operation went on without a server that could not be brought up. */
export function isMissing({ leftOut }: LeftOut, server: string): boolean {
  return leftOut[server]?.isRunning === false;
}

export function isOptional({ servers }: Plan, server: string): boolean {
  return servers[server]?.optional === true;
}

/** Where waves are checked, the plan's rule for asking people about servers that are in the way. */
export function unhealthyRule({ failover, failback }: Plan, site: Site) {
  return (site === 'recovery' ? failover : failback).questions?.unhealthy;
}

/**
 * Whether an operation may go on without a server that cannot be brought up: by the plan, or where somebody says so. Never without one to which
 * records lead: nobody would be served. Nor without one that comes home as a new one: nothing else there has what was written to it while it was away.
 */
export function mayBeMissing(
  plan: Plan,
  { newServers = [] }: Pick<Operation, 'newServers'>,
  site: Site,
  server: string,
): boolean {
  if (site === 'primary' && newServers.includes(server)) return false;
  if (isOptional(plan, server)) return true;
  return unhealthyRule(plan, site) !== undefined && !plan.traffic.some((record) => isOfServer(record, server));
}

/** Whether a failover of the plan may go on without any server. */
export function hasDispensable({ servers, groups, failover }: Plan): boolean {
  const all = [...Object.values(servers), ...Object.values(groups)];
  return failover.questions?.unhealthy !== undefined || all.some(({ optional }) => optional === true);
}

export function leftOutLine(server: string, { isRunning, why }: LeftOutServer): string {
  return isRunning ? `server ${server} runs and is not healthy: ${why}` : `server ${server} was left out: ${why}`;
}

/** What people should know of an operation that did not fail of it: what its preflight found, and the servers that it went on without. */
export function warningsOf({ warnings = [], leftOut }: Pick<Operation, 'warnings' | 'leftOut'>): string[] {
  return [...warnings, ...Object.entries(leftOut).map(([server, found]) => leftOutLine(server, found))];
}
