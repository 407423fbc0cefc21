/**
 * After a failback the volumes at home are new to AWS, and their images go to the recovery Region by delta. One full copy gives AWS
 * something to copy incrementally from again, which costs nothing but the transfer. Whether that pays is counted here.
 */
import { blockBytes, blocksPerSecondMax } from './blocks.ts';
import { forecastCopy } from './native-copy.ts';
import { apiDollarsPerBlock, getDollarsPerBlock, snapshotDollarsPerMonth, transferDollars } from './prices.ts';
import type { ReplicationEstimate } from './replication-record.ts';

/** What is saved within so many days must be more than the full copy costs. */
const horizonDays = 30;
/** A single delta may be an exception. */
const deltasMin = 3;

/** $0.016 for the 102,400 blocks of 50 GiB. @source aws-facts [9.2] */
const functionDollarsPerBlock = 0.016 / 102_400;

/** A delta of so many bytes. */
export function estimateDelta(bytes: number): ReplicationEstimate {
  const blocks = bytes / blockBytes;
  const dollars = blocks * (apiDollarsPerBlock + functionDollarsPerBlock) + transferDollars(bytes);
  return { bytes, seconds: blocks / blocksPerSecondMax, dollars };
}

/** A copy of everything, by AWS, with a month of what is stored twice, until the last image of the old chain has gone. */
export function estimateFullCopy(fullBytes: number): ReplicationEstimate {
  const { bytes, seconds } = forecastCopy({ fullBytes, lastSeconds: undefined });
  return { bytes, seconds, dollars: transferDollars(bytes) + snapshotDollarsPerMonth(bytes) };
}

/**
 * Of two images that are read as a whole to find what differs, which is taken to be as much as a delta. Functions run in the recovery
 * Region: what they read at home crosses Regions, both images of it.
 */
function estimateComparison(fullBytes: number, delta: ReplicationEstimate): ReplicationEstimate {
  const blocks = fullBytes / blockBytes;
  const reading = 2 * (blocks * (getDollarsPerBlock + functionDollarsPerBlock) + transferDollars(fullBytes));
  return {
    bytes: delta.bytes,
    seconds: blocks / blocksPerSecondMax + delta.seconds,
    dollars: reading + delta.dollars,
  };
}

/** A volume whose images go by delta. */
export interface DeltaHistory {
  /** What its newest deltas moved, newest first. */
  readonly deltaBytes: readonly number[];
  readonly fullBytes: number;
  /** Between two points. */
  readonly everySeconds: number;
  /** Until the target of the plan is missed. */
  readonly secondsLeft: number;
}

export interface Payback {
  readonly full: ReplicationEstimate;
  /** A delta as they were on average. */
  readonly delta: ReplicationEstimate;
  readonly savedDollars: number;
}

/** What a full copy now would save, where it pays within the horizon and is there before the target is missed. */
export function paybackOf({ deltaBytes, fullBytes, everySeconds, secondsLeft }: DeltaHistory): Payback | undefined {
  const delta = usualDelta(deltaBytes);
  if (delta === undefined) return undefined;
  const full = estimateFullCopy(fullBytes);
  const savedDollars = dollarsOverCopies(delta, everySeconds);
  return savedDollars > full.dollars && full.seconds <= secondsLeft ? { full, delta, savedDollars } : undefined;
}

export interface Comparison {
  readonly compare: ReplicationEstimate;
  readonly full: ReplicationEstimate;
}

/**
 * Of a volume that took the place of another one: reading both images and carrying over what differs, where that costs less than
 * copying everything, with the deltas that follow within the horizon. It is never later than the copy: AWS reads faster than it copies.
 */
export function comparisonOf({ deltaBytes, fullBytes, everySeconds }: DeltaHistory): Comparison | undefined {
  const delta = usualDelta(deltaBytes);
  if (delta === undefined) return undefined;
  const full = estimateFullCopy(fullBytes);
  const compare = estimateComparison(fullBytes, delta);
  const isCheaper = compare.dollars + dollarsOverCopies(delta, everySeconds) < full.dollars;
  return isCheaper ? { compare, full } : undefined;
}

/** As they were on average, where there were enough to tell. */
function usualDelta(deltaBytes: readonly number[]): ReplicationEstimate | undefined {
  const newest = deltaBytes.slice(0, deltasMin);
  if (newest.length < deltasMin) return undefined;
  return estimateDelta(newest.reduce((sum, bytes) => sum + bytes, 0) / newest.length);
}

/** What deltas cost within the horizon that copies of AWS do not. */
function dollarsOverCopies(delta: ReplicationEstimate, everySeconds: number): number {
  const points = (horizonDays * 86_400) / everySeconds;
  return points * (delta.dollars - transferDollars(delta.bytes));
}

/** In words, for the record of the operation. */
export function paybackText({ full, delta, savedDollars }: Payback): string {
  const saved = `saves $${savedDollars.toFixed(2)} in ${horizonDays} days over deltas of ${sizeText(delta.bytes)}`;
  const costs = `${sizeText(full.bytes)}, about ${Math.ceil(full.seconds / 60)} min, $${full.dollars.toFixed(2)} with a month of its storage`;
  return `one full copy (${costs}) ${saved}; from then on AWS copies incrementally`;
}

/** In words, for the record of the operation. */
export function comparisonText({ compare, full }: Comparison): string {
  const costs = `${sizeText(full.bytes)} of each, about ${Math.ceil(compare.seconds / 60)} min, $${compare.dollars.toFixed(2)}`;
  return `both images are read (${costs}) and only what differs is carried over, for less than a full copy ($${full.dollars.toFixed(2)} with a month of its storage)`;
}

function sizeText(bytes: number): string {
  const gib = bytes / 1024 ** 3;
  return gib < 1 ? `${(gib * 1024).toFixed(1)} MiB` : `${gib.toFixed(1)} GiB`;
}
