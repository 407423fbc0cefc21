/** Values that all filters of one request take together. @source EC2 API reference, FilterLimitExceeded */
const filterValuesMax = 200;

/** Ids in as many lists as filters take. */
export function inFilters(ids: readonly string[]): string[][] {
  const lists: string[][] = [];
  for (let start = 0; start < ids.length; start += filterValuesMax)
    lists.push(ids.slice(start, start + filterValuesMax));
  return lists;
}
