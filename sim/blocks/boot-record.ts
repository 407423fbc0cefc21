import { BLOCK_BYTES, type Block } from './content.ts';

/** What a server runs, written into block 0 of its root volume, so that it travels with the bytes and is lost with them. */
export interface BootRecord {
  /** Ports that accept connections once the server serves. */
  readonly listens: readonly number[];
  readonly healthPath?: string;
}

const mark = 'simulated boot record ';

/** Block 0 of a root volume. */
export function bootBlock(record: BootRecord): Block {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(`${mark}${JSON.stringify(record)}\n`);
  return block;
}

/** @returns `undefined` when there is nothing to boot; block 0 without a record boots, and listens to nothing */
export function readBootRecord(block: Block | undefined): BootRecord | undefined {
  if (block === undefined) return undefined;
  if (!block.subarray(0, mark.length).equals(Buffer.from(mark))) return { listens: [] };
  return JSON.parse(block.subarray(mark.length, block.indexOf('\n')).toString()) as BootRecord;
}
