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

export interface CutBlocks {
  readonly units: readonly Unit[];
  readonly listedBlocks: number;
}

/** 1,000 blocks take a worker about 20 s at 50 blocks/s and 32 kB of digests. */
const blocksPerUnitMin = 1_000;
/** As many as the payload of a state holds, at 50 characters each. @source aws-facts [5.1] */
const unitsMax = 4_000;

/**
 * Cuts blocks into units, each index in exactly one (two writers of one block conflict [2.10]). Only the ends of units are held: a
 * volume may have millions of blocks, which make larger units, not more.
 * @param blocks in ascending order
 */
export async function cutUnits(
  blocks: AsyncIterable<{ readonly index: number }>,
  limits = { blocksPerUnitMin, unitsMax },
): Promise<CutBlocks> {
  const stretches: { first: number; last: number }[] = [];
  let listedBlocks = 0;
  for await (const { index } of blocks) {
    const open = listedBlocks % limits.blocksPerUnitMin === 0 ? undefined : stretches.at(-1);
    if (open === undefined) stretches.push({ first: index, last: index });
    else open.last = index;
    listedBlocks += 1;
  }
  const perUnit = Math.ceil(stretches.length / limits.unitsMax);
  const units: Unit[] = [];
  for (let start = 0; start < stretches.length; start += perUnit) {
    const joined = stretches.slice(start, start + perUnit);
    const [first, last] = [joined[0]?.first, joined.at(-1)?.last];
    if (first !== undefined && last !== undefined) units.push({ index: units.length, first, last });
  }
  return { units, listedBlocks };
}
