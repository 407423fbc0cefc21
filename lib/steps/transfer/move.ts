import { ebsClient } from '../../aws/clients.ts';
import * as z from 'zod';
import {
  digestOf,
  getBlock,
  isNotVisibleYet,
  type ListedBlock,
  putBlock,
  visibleAfterSeconds,
  zeroBlock,
} from '../../aws/blocks.ts';
import { Failure } from '../../domain/failure.ts';
import { blockMethodSchema } from '../../domain/replication-record.ts';
import { pause } from '../pause.ts';
import type { Services } from '../services.ts';
import { listBlocks } from './list-blocks.ts';
import { transferItemSchema } from './transfer.ts';

export const moveSchema = transferItemSchema.extend({
  target: z.string(),
  method: blockMethodSchema,
  unit: z.object({ index: z.number().int(), first: z.number().int(), last: z.number().int() }),
});
type MoveInput = z.infer<typeof moveSchema>;

/** Blocks in flight in one worker: 32 MiB of buffers, whatever the volume's size. */
const inFlightMax = 64;
/** Pauses while AWS does not know a young target yet: growing by half each time. */
const visiblePauseMs = 2_000;
const visiblePauseMsMax = 8_000;

/**
 * Moves the changed blocks of one unit (I4): each once, zero blocks too; a block that only the base has is written as zeros. Of a
 * comparison only those are moved that differ.
 * The digests are kept in the catalogue for the checksum of the whole snapshot, which also makes a repeat do nothing.
 */
export async function move(services: Services, input: MoveInput): Promise<{ blocks: number }> {
  const { operation, transfer, unit } = input;
  const before = await services.catalogue.unit(operation, transfer.id, unit.index);
  if (before !== undefined) return { blocks: before.blocks };
  await services.proveEpoch(input);
  try {
    return await moveUnit(services, input);
  } catch (error) {
    const failure = error instanceof Failure ? `${error.code}: ${error.message}` : 'Unforeseen';
    await services.catalogue.updateTransfer(operation, transfer.id, { failure });
    throw error;
  }
}

type Put = (put: () => Promise<void>) => Promise<void>;

async function moveUnit(services: Services, input: MoveInput): Promise<{ blocks: number }> {
  const { operation, transfer, unit } = input;
  const listed: ListedBlock[] = [];
  for await (const block of listBlocks(services, transfer.near, input.method, unit.first)) {
    if (block.index > unit.last) break;
    listed.push(block);
  }
  const written: (Uint8Array | undefined)[] = listed.map(() => undefined);
  const put = oneFirst((write) => putWhenVisible(services, write));
  const queue = listed.entries();
  const worker = async () => {
    for (const [position, block] of queue) written[position] = await moveBlock(services, input, block, put);
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, listed.length) }, worker));
  const digests = written.filter((digest) => digest !== undefined);
  const record = {
    unit: unit.index,
    listed: listed.length,
    blocks: digests.length,
    digests: Buffer.concat(digests),
  };
  await services.catalogue.addUnit(operation, transfer.id, record);
  return { blocks: digests.length };
}

/** Until AWS knows the young target one block asks, not 64. */
function oneFirst(put: Put): Put {
  let first: Promise<void> | undefined;
  return async (write) => {
    if (first !== undefined) return first.then(() => put(write));
    first = put(write);
    return first;
  };
}

/** Returns the raw digest of what was written; `undefined` for a block that is the same on both sides. */
async function moveBlock(
  services: Services,
  { transfer: { near, far }, target }: MoveInput,
  { index, token, baseToken }: ListedBlock,
  put: Put,
): Promise<Uint8Array | undefined> {
  const from = services.client(ebsClient, near.region);
  const block = token === null ? zeroBlock : await getBlock(from, near.snapshot, index, token);
  if (baseToken !== undefined && (await getBlock(from, near.base, index, baseToken)).checksum === block.checksum)
    return undefined;
  await put(() => putBlock(services.client(ebsClient, far.region), target, index, block));
  return digestOf(block);
}

async function putWhenVisible(services: Services, put: () => Promise<void>): Promise<void> {
  const deadline = services.now().getTime() + visibleAfterSeconds * 1_000;
  let pauseMs = visiblePauseMs;
  for (;;) {
    try {
      await put();
      return;
    } catch (error) {
      if (!isNotVisibleYet(error) || services.now().getTime() > deadline) throw error;
      await pause(pauseMs);
      pauseMs = Math.min(visiblePauseMsMax, pauseMs * 1.5);
    }
  }
}
