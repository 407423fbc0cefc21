/** Size of one block of the EBS direct APIs, in bytes. @source aws-facts [2.1] */
export const blockBytes = 524_288;

/** Get and Put of one snapshot are each limited to this. @source aws-facts [2.9] */
export const blocksPerSecondMax = 1_000;

/** A stretch of block indexes that one worker moves; both ends included. */
export interface Unit {
  readonly index: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Cuts changed blocks into units, each index in exactly one (two writers of one block conflict [2.10]).
 * @param changed ascending block indexes
 * @param blocksPerUnitMax 1,000 blocks take a worker about 20 s at 50 blocks/s and 32 kB of digests
 */
export function cutUnits(changed: readonly number[], blocksPerUnitMax = 1_000): Unit[] {
  const units: Unit[] = [];
  for (let start = 0; start < changed.length; start += blocksPerUnitMax) {
    const slice = changed.slice(start, start + blocksPerUnitMax);
    const [first, last] = [slice[0], slice.at(-1)];
    if (first !== undefined && last !== undefined) units.push({ index: units.length, first, last });
  }
  return units;
}
