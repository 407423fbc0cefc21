import * as z from 'zod';
import type { Fence } from './catalogue.ts';
import { instanceId } from './ids.ts';
import type { Plan } from './plan.ts';

/** How a plan's failover keeps the primary from writing: its servers stopped, cut off by security groups, or left as they are. */
export type FenceKind = 'stop' | 'isolate' | 'none';

export function fenceKindOf({ failover }: Pick<Plan, 'failover'>): FenceKind {
  return failover.fence ?? 'stop';
}

/** What is known of a primary once its fence is there. */
export const fencedAs = { stop: 'confirmed', isolate: 'isolated', none: 'waived' } as const satisfies Record<
  FenceKind,
  Fence['status']
>;

/** Only a primary that is seen stopped cannot write: a connection that was open when its server was isolated goes on. @source aws-facts [4.1] */
export function mayWrite(fence: Fence | null): boolean {
  return fence !== null && fence.status !== 'confirmed';
}

/** For people. */
export function fenceLine(fence: Fence | null): string {
  if (fence === null) return 'none';
  const words: Record<Fence['status'], string> = {
    confirmed: '',
    owed: '',
    isolated: ': its servers run, and go on for those who were connected',
    waived: ': nobody fences it, and its servers may be written to',
  };
  return `${fence.site} ${fence.status} since ${fence.since}${words[fence.status]}`;
}

/** What people should know beforehand of a plan whose primary nobody fences. */
export function unfencedWarnings(plan: Pick<Plan, 'failover'>): string[] {
  return fenceKindOf(plan) === 'none'
    ? [
        'nobody fences the primary (failover.fence: none): its servers may be written to while recovery serves. The failback stops them, keeps and reports that, and brings home what recovery wrote',
      ]
    : [];
}

/** Which security groups an interface of a server had (`before`), and which it was given in their place; none of both is empty. */
const isolatedInterfaceSchema = z
  .object({ instance: instanceId, before: z.array(z.string()).readonly(), given: z.array(z.string()).readonly() })
  .readonly();
export type IsolatedInterface = z.output<typeof isolatedInterfaceSchema>;

/** By the id of the interface. */
export const isolatedSchema = z.record(z.string(), isolatedInterfaceSchema).readonly();

/** A security group that servers are to be isolated by. */
export interface IsolationGroup {
  readonly vpc: string;
  readonly hasRules: boolean;
}

/**
 * Why servers could not be isolated, in words for people.
 * @param groups those that the plan names; `undefined` where there is none
 * @param vpcs of the servers, by name. @source EC2 API reference, ModifyNetworkInterfaceAttribute: groups are of the VPC of the interface
 */
export function isolationFaults(
  region: string,
  groups: ReadonlyMap<string, IsolationGroup | undefined>,
  vpcs: ReadonlyMap<string, string>,
): string[] {
  return [...groups].flatMap(([id, group]) => {
    const named = `isolation group ${id}`;
    if (group === undefined) return [`${named} does not exist in ${region}: make one without any rule, and name it`];
    const elsewhere = [...vpcs].filter(([, vpc]) => vpc !== group.vpc).map(([server]) => server);
    return [
      ...(elsewhere.length === 0 ? [] : [`${named} is in ${group.vpc}, and server ${elsewhere.join(', ')} is not`]),
      ...(group.hasRules
        ? [`${named} lets something in or out: take all rules from it, also the one for outgoing traffic`]
        : []),
    ];
  });
}

/** An interface has each group once, and AWS tells them in no order. */
export function areSameGroups(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join() === others.toSorted().join();
}

/**
 * The groups that an interface is to be given back once it is isolated: those it has, unless these are the ones that an earlier attempt gave it, by what is
 * noted of that.
 */
export function groupsBefore(groups: readonly string[], noted: IsolatedInterface | undefined): readonly string[] {
  return noted !== undefined && areSameGroups(groups, noted.given) ? noted.before : groups;
}
