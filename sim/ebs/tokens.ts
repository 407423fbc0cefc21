import { createHash } from 'node:crypto';
import { validation } from './errors.ts';

const minuteMs = 60_000;
/** @source aws-facts [2.5] */
const pageValidMs = 60 * minuteMs;
export const blockValidMs = 7 * 24 * 60 * minuteMs;

/** Block and page tokens of one Region. They carry their time and a seal, so that any other use is refused. */
export class Tokens {
  readonly #secret: string;
  readonly #now: () => number;

  constructor(secret: string, now: () => number) {
    this.#secret = secret;
    this.#now = now;
  }

  /** A token that reads one block of one snapshot for 7 days. */
  block(snapshotId: string, index: number): string {
    const at = this.#now().toString(36);
    return `AAUB.${at}.${this.#seal('block', at, snapshotId, index)}`;
  }

  /** @throws AwsError ValidationException, INVALID_BLOCK_TOKEN */
  checkBlock(token: string | undefined, snapshotId: string, index: number): void {
    const [, at = '', seal] = (token ?? '').split('.');
    const isGenuine = seal === this.#seal('block', at, snapshotId, index);
    if (!isGenuine || this.#now() - Number.parseInt(at, 36) > blockValidMs)
      throw validation('INVALID_BLOCK_TOKEN', 'The block token is not valid for this block, or has expired.');
  }

  /** A token that goes on with one list at a block index for 60 minutes. */
  page(list: string, next: number): string {
    const at = this.#now().toString(36);
    return `AAUP.${at}.${next}.${this.#seal('page', at, list, next)}`;
  }

  /** @returns the block index to go on with. @throws AwsError ValidationException, INVALID_PAGE_TOKEN */
  readPage(token: string, list: string): number {
    const [, at = '', next = '', seal] = token.split('.');
    const isGenuine = seal === this.#seal('page', at, list, Number(next));
    if (!isGenuine || this.#now() - Number.parseInt(at, 36) > pageValidMs)
      throw validation('INVALID_PAGE_TOKEN', 'The page token is not valid for this list, or has expired.');
    return Number(next);
  }

  #seal(...parts: (string | number)[]): string {
    return createHash('sha256')
      .update([this.#secret, ...parts].join('\n'))
      .digest('base64url');
  }
}
