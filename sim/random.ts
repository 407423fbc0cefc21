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
