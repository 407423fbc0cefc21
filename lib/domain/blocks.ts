/** Size of one block of the EBS direct APIs, in bytes. @source aws-facts [2.1] */
export const blockBytes = 524_288;
export const blocksPerGib = 2_048;

/** Get and Put of one snapshot are each limited to this. @source aws-facts [2.9] */
export const blocksPerSecondMax = 1_000;

/** Blocks in flight in one worker: 32 MiB of buffers, whatever the volume's size. */
export const inFlightMax = 64;

/** Workers of one volume, side by side. */
export const workersPerVolume = 10;

/** A stretch of block indexes that one worker moves; both ends included. */
export interface Unit {
  readonly index: number;
  readonly first: number;
  readonly last: number;
}

export interface CutBlocks extends Counts {
  readonly units: readonly Unit[];
}

/** Blocks to be looked at. `sharedBlocks`: of them those that both images have and that are to be compared; all others are written. */
interface Counts {
  readonly listedBlocks: number;
  readonly sharedBlocks: number;
}

/** 1,000 blocks take a worker about 20 s at 50 blocks/s and 32 kB of digests. */
const blocksPerUnitMin = 1_000;
/** As many as the payload of a state holds, at 50 characters each. @source aws-facts [5.1] */
const unitsMax = 4_000;

/** A part of a volume whose blocks are listed by themselves: from `first` to before `end`. */
export interface Shard {
  readonly first: number;
  readonly end: number;
}

/** 256 GiB: 53 pages at most, where all of it is written. @source aws-facts [2.5] */
const blocksPerShard = 524_288;

/** The shards of a volume; the last one has no end. */
export function shardsOf(sizeGib: number): Shard[] {
  const shards = Math.max(1, Math.ceil((sizeGib * blocksPerGib) / blocksPerShard));
  return Array.from({ length: shards }, (_, shard) => ({
    first: shard * blocksPerShard,
    end: shard === shards - 1 ? Number.POSITIVE_INFINITY : (shard + 1) * blocksPerShard,
  }));
}

/** What one shard has to be looked at. Only the ends of stretches are held: a volume may have millions of blocks. */
export interface Stretches extends Counts {
  readonly stretches: readonly { readonly first: number; readonly last: number }[];
}

/**
 * Cuts the blocks of a shard into stretches, each index in exactly one (two writers of one block conflict [2.10]).
 * @param blocks from the begin of the shard on, in ascending order
 */
export async function stretch(
  blocks: AsyncIterable<{ readonly index: number; readonly baseToken?: string }>,
  { end }: Shard,
  blocksMin = blocksPerUnitMin,
): Promise<Stretches> {
  const stretches: { first: number; last: number }[] = [];
  let listedBlocks = 0;
  let sharedBlocks = 0;
  for await (const { index, baseToken } of blocks) {
    if (index >= end) break;
    const open = listedBlocks % blocksMin === 0 ? undefined : stretches.at(-1);
    if (open === undefined) stretches.push({ first: index, last: index });
    else open.last = index;
    listedBlocks += 1;
    if (baseToken !== undefined) sharedBlocks += 1;
  }
  return { stretches, listedBlocks, sharedBlocks };
}

/** Makes units of the stretches of all shards, in order; of more stretches larger units, not more. */
export function joinUnits(shards: readonly Stretches[], max = unitsMax): CutBlocks {
  const stretches = shards.flatMap((shard) => shard.stretches);
  const perUnit = Math.ceil(stretches.length / max);
  const units: Unit[] = [];
  for (let start = 0; start < stretches.length; start += perUnit) {
    const joined = stretches.slice(start, start + perUnit);
    const [first, last] = [joined[0]?.first, joined.at(-1)?.last];
    if (first !== undefined && last !== undefined) units.push({ index: units.length, first, last });
  }
  const sum = (of: keyof Counts) => shards.reduce((total, shard) => total + shard[of], 0);
  return { units, listedBlocks: sum('listedBlocks'), sharedBlocks: sum('sharedBlocks') };
}
