const blockBytes = 524_288;
const zeros = Buffer.alloc(blockBytes);

/** A sparse table of blocks; a block that is not in it reads as zeros. */
export type Blocks = ReadonlyMap<number, Uint8Array>;

export interface Sized {
  readonly sizeGib: number;
  readonly blocks: Blocks;
}

/** Lowest index at which two contents read differently, -1 where their sizes differ, `undefined` where they are the same. */
export function firstDifference(one: Sized, other: Sized): number | undefined {
  return one.sizeGib === other.sizeGib ? firstDifferentBlock(one.blocks, other.blocks) : -1;
}

export function firstDifferentBlock(one: Blocks, other: Blocks): number | undefined {
  const indexes = [...new Set([...one.keys(), ...other.keys()])].toSorted((a, b) => a - b);
  return indexes.find((index) => {
    const [a, b] = [one.get(index) ?? zeros, other.get(index) ?? zeros];
    return a !== b && Buffer.compare(a, b) !== 0;
  });
}
