import { createCipheriv, createHash } from 'node:crypto';

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

/** The key stream of AES in counter mode under a key made of the seed: quick, and the same on every platform. */
export function createRandom(seed: string | number): Random {
  const key = createHash('sha256').update(String(seed)).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const take = (length: number): Buffer => stream.update(Buffer.alloc(length));
  const next = () => take(6).readUIntBE(0, 6) / 2 ** 48;
  return {
    fork: (name) => createRandom(`${seed}/${name}`),
    next,
    below: (below) => Math.floor(next() * below),
    hex: (digits) =>
      take(Math.ceil(digits / 2))
        .toString('hex')
        .slice(0, digits),
    bytes: take,
  };
}
