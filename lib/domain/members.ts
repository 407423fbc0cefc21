import type { Member } from './catalogue.ts';
import type { Homes } from './homes.ts';
import type { Plan } from './plan.ts';

export type Members = Readonly<Record<string, Member>>;

/** Under which name a group's instance is a server: `workers` and `i-0123456789abcdef0` → `workers-0123456789abcdef0`. */
export function memberName(group: string, instance: string): string {
  return `${group}-${instance.replace(/^i-/, '')}`;
}

/** Which group, and which of its instances, a name is that of; `undefined` for any other name. */
export function memberOf(name: string): Member | undefined {
  const [, group, id] = /^(.+)-([0-9a-f]{8}|[0-9a-f]{17})$/.exec(name) ?? [];
  return group === undefined ? undefined : { instance: `i-${id}`, group };
}

/**
 * The plan as an operation works on it: beside the servers that it names, those that its groups picked when the recovery point was
 * taken. Members of groups that the plan no longer has are left out.
 */
export function withMembers(plan: Plan, members: Members): Plan {
  const picked = Object.entries(members).flatMap(([name, { instance, group }]) => {
    const rules = group === null ? undefined : plan.groups[group];
    if (rules === undefined) return [];
    const { tags: _, ...same } = rules;
    return [[name, { ...same, instance }] as const];
  });
  return { ...plan, servers: { ...plan.servers, ...Object.fromEntries(picked) } };
}

/** An instance that carries the tags of a group now. */
export interface Candidate {
  readonly group: string;
  readonly instance: string;
}

export interface Selection {
  readonly members: Members;
  /** Instances that more than one group would pick, in words. */
  readonly claimedTwice: readonly string[];
}

/**
 * The servers of a plan now. An instance that the plan names is that server, whatever tags it carries. One as which a member came home anew goes on under the name that it had,
 * and with it its lineage; what a server was before it came home as another instance is none any more.
 * @param plan with each server as the instance that it is at home
 */
export function selectMembers(plan: Plan, candidates: readonly Candidate[], homes: Homes = {}): Selection {
  const named = Object.entries(plan.servers).map(([name, { instance }]) => [name, { instance, group: null }] as const);
  const formerly = Object.values(homes).flatMap((home) => home.formerly);
  const taken = new Set([...named.map(([, { instance }]) => instance), ...formerly]);
  const free = candidates.filter(({ instance }) => !taken.has(instance));
  const groupsOf = Map.groupBy(free, ({ instance }) => instance);
  const claimedTwice = [...groupsOf]
    .filter(([, claims]) => claims.length > 1)
    .map(
      ([instance, claims]) =>
        `${instance} carries the tags of groups ${claims.map(({ group }) => group).join(' and ')}`,
    );
  const nameOf = ({ group, instance }: Candidate) =>
    Object.keys(homes).find((name) => homes[name]?.instance === instance && memberOf(name)?.group === group) ??
    memberName(group, instance);
  const picked = free.map((found) => [nameOf(found), found] as const);
  return { members: Object.fromEntries([...named, ...picked]), claimedTwice };
}

/** Servers of groups that came or went between two points; those that the plan names are somebody's decision. */
export function membersChanged(before: Members, now: Members): { readonly come: string[]; readonly gone: string[] } {
  const picked = (members: Members) => Object.keys(members).filter((name) => members[name]?.group !== null);
  return {
    come: picked(now).filter((name) => before[name] === undefined),
    gone: picked(before).filter((name) => now[name] === undefined),
  };
}
