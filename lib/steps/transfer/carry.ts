import { type BlockAddress, checkBlock, isDamage, readBlock, writeBlock } from '../../aws/block-calls.ts';
import {
  type Block,
  digestOf,
  isNotVisibleYet,
  type ListedBlock,
  visibleAfterSeconds,
  zeroBlock,
} from '../../aws/blocks.ts';
import { AwsFailure } from '../../aws/call.ts';
import { ebsClient } from '../../aws/clients.ts';
import { pause } from '../pause.ts';
import type { Services } from '../services.ts';
import { blockRates, pacerOf } from './pacers.ts';
import type { Transfer } from './transfer.ts';

/** Pauses while AWS does not know a young target yet: growing by half each time. */
const visiblePauseMs = 2_000;
const visiblePauseMsMax = 8_000;

/** A block that is lost, damaged or refused on its way is carried again so often in all, after pauses that double. */
const attemptsMax = 5;
const attemptPauseMs = 200;

/** The changed blocks of one transfer on their way onto `target`. */
export class Carrier {
  /** Blocks that did not arrive as they were sent, or were refused, and were read again. */
  damaged = 0;
  readonly #services: Services;
  readonly #transfer: Transfer;
  readonly #target: string;
  readonly #until: Date;
  #first: Promise<void> | undefined;

  /** Throttled requests are sent again until `until`. */
  constructor(services: Services, { transfer, target }: { transfer: Transfer; target: string }, until: Date) {
    this.#services = services;
    this.#transfer = transfer;
    this.#target = target;
    this.#until = until;
  }

  /**
   * Carries one block through `slot` and returns the raw digest of what was written; `undefined` for a block that is the same on both sides.
   * What does not arrive whole is read again, not written again.
   */
  async carry(block: ListedBlock, slot: Buffer): Promise<Uint8Array | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#carryOnce(block, slot);
      } catch (error) {
        if (attempt === attemptsMax || !isWorthAnother(error)) throw error;
        if (isDamage(error) || isRefusal(error)) this.damaged += 1;
        await pause(attemptPauseMs * 2 ** (attempt - 1));
      }
    }
  }

  async #carryOnce({ index, token, baseToken }: ListedBlock, slot: Buffer): Promise<Uint8Array | undefined> {
    const { near } = this.#transfer;
    // Two blocks count as the same by their checksums, and no target sees whether these belong to the bytes: that is computed here.
    const base = baseToken === undefined ? undefined : await this.#read(near.base, index, baseToken, slot);
    if (base !== undefined) checkBlock(base, `Block ${index} of ${near.base}`);
    const block = token === null ? zeroBlock : await this.#read(near.snapshot, index, token, slot);
    if (base !== undefined) checkBlock(block, `Block ${index} of ${near.snapshot}`);
    if (block.checksum === base?.checksum) return undefined;
    await this.#write(index, block);
    return digestOf(block);
  }

  #read(snapshot: string, index: number, token: string, slot: Buffer): Promise<Block> {
    const { region } = this.#transfer.near;
    const from = this.#services.client(ebsClient, region);
    const address: BlockAddress = { snapshot, index, token };
    const pacer = pacerOf(this.#services, `get ${region} ${snapshot}`, blockRates);
    return pacer.send(() => readBlock(from, address, slot), this.#until);
  }

  /** Whether a refused block was damaged before it got here tells its checksum; elsewhere on its way it is refused all the same. */
  async #write(index: number, block: Block): Promise<void> {
    const { region } = this.#transfer.far;
    const to = this.#services.client(ebsClient, region);
    const pacer = pacerOf(this.#services, `put ${region} ${this.#target}`, blockRates);
    try {
      await this.#oneFirst(() => pacer.send(() => writeBlock(to, this.#target, index, block), this.#until));
    } catch (error) {
      if (isRefusal(error)) checkBlock(block, `Block ${index} of ${this.#transfer.near.snapshot}`);
      throw error;
    }
  }

  /** Until AWS knows the young target one block asks, not 64. */
  async #oneFirst(write: () => Promise<void>): Promise<void> {
    if (this.#first !== undefined) return this.#first.catch(() => undefined).then(() => this.#whenVisible(write));
    this.#first = this.#whenVisible(write);
    return this.#first;
  }

  async #whenVisible(write: () => Promise<void>): Promise<void> {
    const deadline = this.#services.now().getTime() + visibleAfterSeconds * 1_000;
    for (let pauseMs = visiblePauseMs; ; pauseMs = Math.min(visiblePauseMsMax, pauseMs * 1.5)) {
      try {
        await write();
        return;
      } catch (error) {
        if (!isNotVisibleYet(error) || this.#services.now().getTime() > deadline) throw error;
        await pause(pauseMs);
      }
    }
  }
}

/** A token is good no more: the blocks must be listed again. @source aws-facts [2.5] */
export function isExpired(error: unknown): boolean {
  const { reason } = error instanceof AwsFailure ? error : {};
  return reason === 'INVALID_BLOCK_TOKEN' || reason === 'INVALID_PAGE_TOKEN';
}

/** AWS may answer a wrong checksum as if the caller had no right, so no refusal counts at once. */
function isRefusal(error: unknown): boolean {
  return error instanceof AwsFailure && (error.code === 'AwsRejected' || error.code === 'AwsRefused');
}

function isWorthAnother(error: unknown): boolean {
  if (!(error instanceof AwsFailure) || isExpired(error)) return false;
  return isRefusal(error) || error.code === 'AwsUnavailable' || error.code === 'AwsBusy';
}
