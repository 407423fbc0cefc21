/**
 * A moment in the history of a volume: made by a snapshot, or the beginning of an empty or re-encrypted volume. A volume
 * made from a snapshot with the same key goes on from that snapshot's moment.
 */
export interface Moment {
  readonly name: string;
  readonly before: Moment | undefined;
}

export function begin(name: string): Moment {
  return { name, before: undefined };
}

export function after(before: Moment, name: string): Moment {
  return { name, before };
}

/** The first moment: the same for everything that can share stored blocks. */
export function origin(moment: Moment): Moment {
  let first = moment;
  while (first.before !== undefined) first = first.before;
  return first;
}

/**
 * Whether AWS lists changed blocks between two snapshots: one must descend from the other. Siblings (two volumes from one
 * snapshot) are refused, which is stricter than some readings of the guide. @source aws-facts [2.6]
 */
export function isRelated(first: Moment, second: Moment): boolean {
  return descends(first, second) || descends(second, first);
}

function descends(moment: Moment, ancestor: Moment): boolean {
  for (let at: Moment | undefined = moment; at !== undefined; at = at.before) if (at === ancestor) return true;
  return false;
}
