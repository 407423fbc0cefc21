import type { Filter, Tag } from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';

/** Of all filters of a request together. @source EC2 API reference, FilterLimitExceeded */
const filterValuesMax = 200;

/** The items that a filter for ids leaves, looked up; all items where there is no such filter, or one with wildcards. */
export function filteredById<Item>(
  items: ReadonlyMap<string, Item>,
  filters: readonly Filter[] | undefined,
  name: string,
): ReadonlyMap<string, Item> {
  const { Values: ids } = filters?.find((filter) => filter.Name === name) ?? {};
  if (ids === undefined || ids.some(isPattern)) return items;
  const found = [...new Set(ids)].map((id) => [id, items.get(id)] as const);
  return new Map(found.filter((entry): entry is [string, Item] => entry[1] !== undefined));
}

/** The values an item has for each filter name that an operation models. */
export type FilterFields<Item> = Readonly<
  Record<string, (item: Item) => string | boolean | undefined | readonly (string | undefined)[]>
>;

/**
 * Keeps what matches every filter; within a filter one value is enough. `*` and `?` are wildcards, `tag:<key>` and `tag-key`
 * are known to all.
 * @throws NotModelled for a filter name that is not in `fields`
 */
export function applyFilters<Item extends { readonly tags: readonly Tag[] }>(
  operation: string,
  items: readonly Item[],
  filters: readonly Filter[] | undefined,
  fields: FilterFields<Item>,
): Item[] {
  const values = (filters ?? []).reduce((sum, { Values = [] }) => sum + Values.length, 0);
  if (values > filterValuesMax)
    throw new AwsError('FilterLimitExceeded', `The maximum number of filter values is ${filterValuesMax}.`);
  return (filters ?? []).reduce<Item[]>(
    (kept, { Name = '', Values = [] }) => {
      const read = readerOf(operation, Name, fields);
      const matches = matcherOf(Values);
      return kept.filter((item) => read(item).some(matches));
    },
    [...items],
  );
}

function readerOf<Item extends { readonly tags: readonly Tag[] }>(
  operation: string,
  name: string,
  fields: FilterFields<Item>,
): (item: Item) => string[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => tags.filter(({ Key }) => Key === key).map(({ Value }) => Value ?? '');
  }
  if (name === 'tag-key') return ({ tags }) => tags.map(({ Key }) => Key ?? '');
  const field = fields[name];
  if (field === undefined) throw new NotModelled(`filter ${name} of ${operation}`);
  return (item) =>
    [field(item)]
      .flat()
      .filter((value) => value !== undefined)
      .map(String);
}

function matcherOf(values: readonly string[]): (value: string) => boolean {
  const exact = new Set(values.filter((value) => !isPattern(value)));
  const patterns = values.filter((value) => !exact.has(value)).map(patternOf);
  return (value) => exact.has(value) || patterns.some((pattern) => pattern.test(value));
}

function isPattern(value: string): boolean {
  return /[*?]/.test(value);
}

function patternOf(value: string): RegExp {
  const escaped = value.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
