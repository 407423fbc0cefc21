import * as z from 'zod';
import type { ListedBlock } from '../../aws/blocks.ts';
import { blockBytes, inFlightMax, type Unit } from '../../domain/blocks.ts';
import type { UnitRecord } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { blockMethodSchema } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';
import { Carrier, isExpired } from './carry.ts';
import { listBlocks } from './list-blocks.ts';
import { transferItemSchema } from './transfer.ts';

export const moveSchema = transferItemSchema.extend({
  target: z.string(),
  method: blockMethodSchema,
  unit: z.object({ index: z.number().int(), first: z.number().int(), last: z.number().int() }),
});
type MoveInput = z.infer<typeof moveSchema>;

/** No block is begun later: the rest of the Lambda's 900 s is for those under way, and for a throttled one to be sent again. */
const beginSecondsMax = 600;
const sendSecondsMax = 780;
/** A record of so many digests has 256 kB of the 400 that an item may have. @source aws-facts [6] */
const blocksPerPartMax = 8_000;

/** What is left of a unit. */
export interface Rest extends Unit {
  readonly done: boolean;
}

/**
 * Moves changed blocks of one unit (I4), as many as there is time for, and says what is left: each once, zero blocks too; a block that
 * only the base has is written as zeros. Of a comparison only those are moved that differ.
 * The digests are kept in the catalogue for the checksum of the whole snapshot, which also makes a repeat do nothing: of two runs from
 * the same block the first that ends counts, for both.
 */
export async function move(services: Services, input: MoveInput): Promise<Rest> {
  const { operation, transfer, unit } = input;
  const { catalogue } = services;
  const before = await catalogue.unit(operation, transfer.id, { unit: unit.index, first: unit.first });
  if (before !== undefined) return restOf(unit, before);
  await services.proveEpoch(input);
  try {
    const part = await movePart(services, input);
    if (await catalogue.addUnit(operation, transfer.id, part)) return restOf(unit, part);
    return restOf(unit, (await catalogue.unit(operation, transfer.id, part)) ?? part);
  } catch (error) {
    const failure = error instanceof Failure ? `${error.code}: ${error.message}` : 'Unforeseen';
    await catalogue.updateTransfer(operation, transfer.id, { failure });
    throw error;
  }
}

function restOf(unit: Unit, { next }: UnitRecord): Rest {
  return { index: unit.index, first: next ?? unit.last, last: unit.last, done: next === null };
}

/** A block in the order of the listing; `isDone` once it was looked at, and written where it differs. */
interface Taken {
  readonly index: number;
  isDone: boolean;
  digest: Uint8Array | undefined;
}

async function movePart(services: Services, input: MoveInput): Promise<UnitRecord> {
  const { operation, transfer, unit, method } = input;
  const begun = services.now().getTime();
  const carrier = new Carrier(services, input, new Date(begun + sendSecondsMax * 1_000));
  const blocks = upTo(unit.last, listBlocks(services, transfer.near, method, unit.first));
  const taken: Taken[] = [];
  const isFull = () => taken.length >= blocksPerPartMax || services.now().getTime() > begun + beginSecondsMax * 1_000;
  let end: 'all taken' | { error: unknown } | undefined;
  const worker = async () => {
    let slot: Buffer | undefined;
    // The first block is taken in any case, so that every run comes further.
    while (end === undefined && (taken.length === 0 || !isFull())) {
      const { value: block } = await blocks.next();
      if (block === undefined) {
        end ??= 'all taken';
        return;
      }
      const one: Taken = { index: block.index, isDone: false, digest: undefined };
      taken.push(one);
      slot ??= Buffer.allocUnsafeSlow(blockBytes);
      one.digest = await carrier.carry(block, slot);
      one.isDone = true;
    }
  };
  const failing = (error: unknown) => {
    if (end === undefined || end === 'all taken') end = { error };
  };
  // After a failure nothing more is begun, and what is under way ends first.
  await Promise.all(Array.from({ length: inFlightMax }, () => worker().catch(failing)));
  if (carrier.damaged > 0) {
    const note = `${transfer.volume}: ${carrier.damaged} blocks were damaged on their way or refused, and were read again before they were written`;
    await services.catalogue.addEvent(operation, services.now(), note);
  }
  return partOf(unit, taken, end);
}

/** Ends with the last block of a unit, and not after the next one of the volume, which may be a thousand empty pages away. */
async function* upTo(last: number, blocks: AsyncIterable<ListedBlock>): AsyncGenerator<ListedBlock, undefined> {
  for await (const block of blocks) {
    if (block.index <= last) yield block;
    if (block.index >= last) return;
  }
}

/** What was moved without a gap; what comes after a gap is moved again. */
function partOf(unit: Unit, taken: readonly Taken[], end: 'all taken' | { error: unknown } | undefined): UnitRecord {
  const undone = taken.findIndex(({ isDone }) => !isDone);
  const done = undone === -1 ? taken : taken.slice(0, undone);
  const isAll = undone === -1 && end === 'all taken';
  if (typeof end === 'object' && (done.length === 0 || !isPassedOn(end.error))) throw end.error;
  const rest = taken[undone]?.index ?? (done.at(-1)?.index ?? unit.first) + 1;
  const digests = done.flatMap(({ digest }) => (digest === undefined ? [] : [digest]));
  return {
    unit: unit.index,
    first: unit.first,
    next: isAll || rest > unit.last ? null : rest,
    listed: done.length,
    blocks: digests.length,
    digests: Buffer.concat(digests),
  };
}

/** The next run lists again, and goes on from there. */
function isPassedOn(error: unknown): boolean {
  return isExpired(error) || (error instanceof Failure && error.code === 'AwsThrottled');
}
