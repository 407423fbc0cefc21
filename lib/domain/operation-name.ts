import type { Extent, Operation } from './catalogue.ts';

const called: Record<Extent, string> = {
  'dry-run': 'dry run of a failover',
  estimate: 'estimate of a failback',
  fence: 'payment of the owed fence',
  'way-home': 'drill of the way home',
  list: 'list of what an accept would remove',
  reverse: 'reverse protection',
};

/** What people are told an operation is: of one that is not the whole of its kind, what it is. */
export function nameOf({ kind, extent }: Pick<Operation, 'kind' | 'extent'>): string {
  return extent === undefined ? kind : called[extent];
}
