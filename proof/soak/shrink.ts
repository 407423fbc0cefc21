/**
 * Leaves out happenings as long as the story still fails: halves first, then smaller parts, then single ones. Gives the places of
 * those that are needed.
 */
export async function shrink<Item>(
  items: readonly Item[],
  stillFails: (kept: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await stillFails(without)) kept = without;
      else from += size;
    }
  }
  return kept;
}
