import { ebsClient } from '../../aws/clients.ts';
import { z } from 'zod';
import {
  type ChangedBlock,
  digestOf,
  getBlock,
  isNotVisibleYet,
  listChangedBlocks,
  putBlock,
  visibleAfterSeconds,
  zeroBlock,
} from '../../aws/blocks.ts';
import { Failure } from '../../domain/failure.ts';
import { pause } from '../pause.ts';
import type { Services } from '../services.ts';
import { transferItemSchema } from './transfer.ts';

export const moveSchema = transferItemSchema.extend({
  target: z.string(),
  unit: z.object({ index: z.number().int(), first: z.number().int(), last: z.number().int() }),
});
type MoveInput = z.infer<typeof moveSchema>;

/** Blocks in flight in one worker: 32 MiB of buffers, whatever the volume's size. */
const inFlightMax = 64;
/** Pauses while AWS does not know a young target yet: growing by half each time. */
const visiblePauseMs = 2_000;
const visiblePauseMsMax = 8_000;

/**
 * Moves the changed blocks of one unit (I4): each once, zero blocks too; a block that only the base has is written as zeros.
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

async function moveUnit(services: Services, input: MoveInput): Promise<{ blocks: number }> {
  const { operation, transfer, unit } = input;
  const near = services.client(ebsClient, transfer.near.region);
  const blocks: ChangedBlock[] = [];
  for await (const block of listChangedBlocks(near, transfer.near, unit.first)) {
    if (block.index > unit.last) break;
    blocks.push(block);
  }
  const digests = Buffer.alloc(blocks.length * 32);
  const queue = blocks.entries();
  const worker = async () => {
    for (const [position, block] of queue) digests.set(await moveBlock(services, input, block), position * 32);
  };
  // Until AWS knows the young target one block asks, not 64.
  const [first] = queue;
  if (first !== undefined) digests.set(await moveBlock(services, input, first[1]), first[0] * 32);
  await Promise.all(Array.from({ length: Math.min(inFlightMax, blocks.length) }, worker));
  await services.catalogue.addUnit(operation, transfer.id, { unit: unit.index, blocks: blocks.length, digests });
  return { blocks: blocks.length };
}

/** Returns the raw digest of what was written. */
async function moveBlock(
  services: Services,
  { transfer, target }: MoveInput,
  { index, token }: ChangedBlock,
): Promise<Uint8Array> {
  const near = services.client(ebsClient, transfer.near.region);
  const far = services.client(ebsClient, transfer.far.region);
  const block = token === null ? zeroBlock : await getBlock(near, transfer.near.snapshot, index, token);
  await putWhenVisible(services, () => putBlock(far, target, index, block));
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
