import { createHash } from 'node:crypto';

/** Seeded randomness: the same seed and name give the same sequence, whatever else draws. */
export interface Random {
  /** An independent stream, named after what it is for. */
  fork(name: string): Random;
  /** 0 <= n < 1 */
  next(): number;
  /** Integer, 0 <= n < below. */
  below(below: number): number;
  /** Lower-case hex digits. */
  hex(digits: number): string;
  bytes(length: number): Buffer;
}

/** A stream of SHA-256 blocks over seed and counter: slow for numbers, quick for bytes, the same on every platform. */
export function createRandom(seed: string | number): Random {
  let counter = 0;
  let pool = Buffer.alloc(0);
  const take = (length: number): Buffer => {
    const parts = [pool];
    let have = pool.length;
    while (have < length) {
      const block = createHash('sha256').update(`${seed}\n${counter}`).digest();
      counter += 1;
      parts.push(block);
      have += block.length;
    }
    const all = Buffer.concat(parts);
    pool = all.subarray(length);
    return all.subarray(0, length);
  };
  const next = () => take(6).readUIntBE(0, 6) / 2 ** 48;
  return {
    fork: (name) => createRandom(`${seed}/${name}`),
    next,
    below: (below) => Math.floor(next() * below),
    hex: (digits) =>
      take(Math.ceil(digits / 2))
        .toString('hex')
        .slice(0, digits),
    bytes: (length) => Buffer.from(take(length)),
  };
}
