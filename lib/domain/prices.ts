/** Dollars by the list prices of us-east-1. @source aws-facts [9], [2.12] */

/** $0.003 for a Get of 1,000 blocks. */
export const getDollarsPerBlock = 0.003 / 1_000;

/** $0.006 for a Put of 1,000 blocks, and a Get before it. */
export const apiDollarsPerBlock = getDollarsPerBlock + 0.006 / 1_000;

/** $0.02 per GB. */
const transferDollarsPerGb = 0.02;

/** $0.05 per GB-month. */
const snapshotDollarsPerGbMonth = 0.05;

/** Between Regions. */
export function transferDollars(bytes: number): number {
  return (bytes / 1e9) * transferDollarsPerGb;
}

export function snapshotDollarsPerMonth(bytes: number): number {
  return (bytes / 1e9) * snapshotDollarsPerGbMonth;
}

/** What of a volume its price depends on. */
export interface VolumePrice {
  readonly volumeType: string;
  readonly sizeGib: number;
  readonly iops: number | null;
}

/** Of a GiB and, where it is given its IOPS, of each of them. All but gp3's size from memory, as in docs/costs.md. */
const volumePrices: Readonly<Record<string, { gib: number; iops?: number; iopsFree?: number }>> = {
  gp3: { gib: 0.08, iops: 0.005, iopsFree: 3_000 },
  gp2: { gib: 0.1 },
  io1: { gib: 0.125, iops: 0.065 },
  io2: { gib: 0.125, iops: 0.065 },
  st1: { gib: 0.045 },
  sc1: { gib: 0.015 },
  standard: { gib: 0.05 },
};

/** AWS bills it whether an instance runs, is stopped, or is not there. A type that is not known counts as the dearest. */
export function volumeDollarsPerMonth({ volumeType, sizeGib, iops }: VolumePrice): number {
  const { gib, iops: perIops = 0, iopsFree = 0 } = volumePrices[volumeType] ?? { gib: 0.125 };
  return sizeGib * gib + Math.max(0, (iops ?? 0) - iopsFree) * perIops;
}
