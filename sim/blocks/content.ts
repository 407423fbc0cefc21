import { createHash } from 'node:crypto';

/** Size of every block of the EBS direct APIs. @source aws-facts [2.1] */
export const BLOCK_BYTES = 524_288;
export const BLOCKS_PER_GIB = 2_048;

/** An immutable block. Two contents that hold the same object hold the same stored block; nothing may write into it. */
export type Block = Buffer;

/** What a checker sees of a volume or snapshot: the size and every allocated block. */
export interface ContentView {
  readonly sizeGib: number;
  readonly blocks: ReadonlyMap<number, Block>;
}

/**
 * The bytes of one volume or snapshot: a sparse table of shared blocks. A block that is not in the table was never written,
 * or was discarded.
 */
export class Content implements ContentView {
  sizeGib: number;
  readonly blocks: Map<number, Block>;

  constructor(sizeGib: number, blocks: ReadonlyMap<number, Block> = new Map()) {
    this.sizeGib = sizeGib;
    this.blocks = new Map(blocks);
  }

  /** The same blocks under a table of its own, for a snapshot, a copy or a new volume. */
  fork(sizeGib = this.sizeGib): Content {
    return new Content(sizeGib, this.blocks);
  }

  /** @throws RangeError beyond the end, or when `bytes` is not whole blocks */
  write(index: number, bytes: Uint8Array): void {
    const count = bytes.length / BLOCK_BYTES;
    if (!Number.isInteger(count) || count === 0) throw new RangeError(`${bytes.length} bytes are not whole blocks`);
    for (let offset = 0; offset < count; offset += 1) {
      this.#within(index + offset);
      this.blocks.set(index + offset, Buffer.from(bytes.subarray(offset * BLOCK_BYTES, (offset + 1) * BLOCK_BYTES)));
    }
  }

  discard(index: number): void {
    this.#within(index);
    this.blocks.delete(index);
  }

  #within(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.sizeGib * BLOCKS_PER_GIB)
      throw new RangeError(`Block ${index} is beyond ${this.sizeGib} GiB`);
  }
}

/** Indices, ascending, that are stored in `content` and not the same stored block in `base`: what a backend must move. */
export function movedIndexes(content: ContentView, base: ContentView | undefined): number[] {
  return [...content.blocks]
    .filter(([index, block]) => base?.blocks.get(index) !== block)
    .map(([index]) => index)
    .sort((a, b) => a - b);
}

/** Indices, ascending, that either content has allocated. */
export function allocatedIndexes(...contents: readonly ContentView[]): number[] {
  return [...new Set(contents.flatMap(({ blocks }) => [...blocks.keys()]))].sort((a, b) => a - b);
}

const zeros = Buffer.alloc(BLOCK_BYTES);

/** Indices, ascending, whose bytes differ; a block that is not allocated counts as zeros. */
export function changedIndexes(first: ContentView, second: ContentView): number[] {
  return allocatedIndexes(first, second).filter((index) => {
    const [a, b] = [first.blocks.get(index) ?? zeros, second.blocks.get(index) ?? zeros];
    return a !== b && !a.equals(b);
  });
}

/**
 * What a never written block reads as: zeros on an unencrypted volume, decrypted noise on an encrypted one.
 * @source aws-facts [2.7]
 */
export function unwrittenBlock(dataKeyId: string | undefined, index: number): Block {
  if (dataKeyId === undefined) return Buffer.alloc(BLOCK_BYTES);
  const seed = createHash('sha256').update(`${dataKeyId}/${index}`).digest();
  return Buffer.alloc(BLOCK_BYTES, seed);
}

/** Base64 SHA-256, as the direct APIs want it. */
export function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
