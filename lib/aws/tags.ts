import type { ResourceType, Tag } from '@aws-sdk/client-ec2';
import { carriedTags } from '../domain/carried.ts';
import { isDrill } from '../domain/drill.ts';
import { tags as keys } from '../names.ts';

/** What every resource that Homeward creates says of itself (I8). `step` is the identity used where AWS has no token (I7). */
export interface OwnerTags {
  readonly plan: string;
  readonly operation: string;
  readonly purpose: string;
  readonly step: string;
  readonly server?: string;
  readonly device?: string;
  readonly point?: string;
}

export function ownerTags(owner: OwnerTags): Tag[] {
  return Object.entries(owner).map(([name, value]: [string, string]) => ({
    Key: keys[name as keyof OwnerTags],
    Value: value,
  }));
}

export function tagSpecification(type: ResourceType, owner: OwnerTags, more: Readonly<Record<string, string>> = {}) {
  return { ResourceType: type, Tags: [...ownerTags(owner), ...tagsOf(carriedTags(more))] };
}

/** Tags by key. */
export function recordOf(tags: readonly Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

/** Filters that find what carries all of these tags. */
export function tagFilters(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}

export function tagsOf(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * Filters that find what a step created before, or without `step`, what its operation did. Operations have the names of their executions, so those of
 * plans in two stacks may be called the same, and one Region may hold what both made.
 */
export function stepFilters({ plan, operation, step }: Maker) {
  const ofOperation = { [keys.plan]: plan, [keys.operation]: operation };
  return tagFilters({ ...ofOperation, ...(step === undefined ? {} : { [keys.step]: step }) });
}

export interface Maker {
  readonly plan: string;
  readonly operation: string;
  readonly step?: string;
}

/** Filters that find everything of a plan. */
export function planFilters(plan: string) {
  return tagFilters({ [keys.plan]: plan });
}

export function tagValue(tags: readonly Tag[] | undefined, name: keyof OwnerTags): string | undefined {
  return tags?.find(({ Key }) => Key === keys[name])?.Value;
}

/** Whether something was launched by a drill of the plan, which makes room for its failover. */
export function isOfDrill(tags: readonly Tag[] | undefined, plan: string): boolean {
  return tagValue(tags, 'plan') === plan && isDrill(tagValue(tags, 'operation') ?? '');
}
