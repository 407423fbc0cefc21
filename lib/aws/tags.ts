import type { ResourceType, Tag } from '@aws-sdk/client-ec2';
import { carriedTags } from '../domain/carried.ts';
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

export function tagsOf(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Filters that find what a step created before. */
export function stepFilters(owner: Pick<OwnerTags, 'operation' | 'step'>) {
  return [
    { Name: `tag:${keys.operation}`, Values: [owner.operation] },
    { Name: `tag:${keys.step}`, Values: [owner.step] },
  ];
}

/** Filters that find everything of a plan. */
export function planFilters(plan: string) {
  return [{ Name: `tag:${keys.plan}`, Values: [plan] }];
}

export function tagValue(tags: readonly Tag[] | undefined, name: keyof OwnerTags): string | undefined {
  return tags?.find(({ Key }) => Key === keys[name])?.Value;
}
