/**
 * What AWS's quotas permit at best, by arithmetic of its own and from the timings of the simulated cloud, not from Homeward's code: the
 * copies of a point take the slots that there are without a pause, in as many rounds as they need.
 */
export interface Optimum {
  /** From the first snapshot of a point to its last copy. */
  readonly pointSeconds: number;
  readonly rpo: Spread;
}

/** Of ages in seconds, sampled every second. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Fleet {
  readonly volumes: number;
  readonly everySeconds: number;
  /** From `CreateSnapshots` to completed, and from `CopySnapshot` to completed, of one volume's change between two points. */
  readonly snapshotSeconds: number;
  readonly copySeconds: number;
}

/** @source aws-facts [1.6] */
const copiesInFlight = 20;

export function optimumOf({ volumes, everySeconds, snapshotSeconds, copySeconds }: Fleet): Optimum {
  const pointSeconds = snapshotSeconds + Math.ceil(volumes / copiesInFlight) * copySeconds;
  // Between two points ages grow evenly from the one to the other.
  const at = (share: number) => pointSeconds + share * everySeconds;
  return { pointSeconds, rpo: { p50: at(0.5), p99: at(0.99), max: at(1) } };
}

export function spreadOf(ages: readonly number[]): Spread {
  const ascending = ages.toSorted((a, b) => a - b);
  const at = (share: number) => ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: ascending.at(-1) ?? 0 };
}
