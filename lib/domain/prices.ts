/** Dollars by the list prices of us-east-1. @source aws-facts [9], [2.12] */

/** $0.003 for a Get of 1,000 blocks. */
export const getDollarsPerBlock = 0.003 / 1_000;

/** $0.006 for a Put of 1,000 blocks, and a Get before it. */
export const apiDollarsPerBlock = getDollarsPerBlock + 0.006 / 1_000;

/** $0.02 per GB. */
const transferDollarsPerGb = 0.02;

/** Between Regions. */
export function transferDollars(bytes: number): number {
  return (bytes / 1e9) * transferDollarsPerGb;
}
