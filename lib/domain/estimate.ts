import { blockBytes, blocksPerSecondMax } from './blocks.ts';
import type { FailbackEstimate, VolumeKey } from './catalogue.ts';
import { apiDollarsPerBlock, getDollarsPerBlock, transferDollars } from './prices.ts';
import type { BlockMethod } from './replication-record.ts';

const dollarsPerBlock = apiDollarsPerBlock + transferDollars(blockBytes);
/** Stop (~1 min), snapshot (~1 min), rebuild (~1 min), boot and checks (~3 min). */
const cutOverOverheadSeconds = 360;

/** What is to be looked at of a volume. */
export interface VolumeDelta {
  readonly volume: VolumeKey;
  readonly listedBlocks: number;
  readonly method: BlockMethod;
}

/**
 * What a failback would move now. Volumes move side by side, so the largest delta sets the time. Of volumes that are compared nobody
 * knows beforehand what differs: they count with all that both images have, which is the most it can be.
 */
export function estimateFailback(deltas: readonly VolumeDelta[]): FailbackEstimate {
  const volumes = deltas.map(({ volume, listedBlocks, method }) => ({
    volume,
    changedBlocks: listedBlocks,
    gib: gibOf(listedBlocks),
    isCompared: method === 'compare',
  }));
  const blocks = volumes.reduce((sum, volume) => sum + volume.changedBlocks, 0);
  const compared = volumes.reduce((sum, volume) => sum + (volume.isCompared ? volume.changedBlocks : 0), 0);
  const largest = Math.max(0, ...volumes.map((volume) => volume.changedBlocks));
  return {
    volumes,
    changedBlocks: blocks,
    gib: gibOf(blocks),
    minutes: round((largest / blocksPerSecondMax + cutOverOverheadSeconds) / 60),
    dollars: round(blocks * dollarsPerBlock + compared * getDollarsPerBlock),
    pauseSeconds: predictPauseSeconds(largest),
  };
}

/** Cut-over pause if the last round moves as many blocks of its largest volume as the round before. */
export function predictPauseSeconds(blocksOfLargestVolume: number): number {
  return Math.ceil(blocksOfLargestVolume / blocksPerSecondMax) + cutOverOverheadSeconds;
}

/** Another round while recovery serves helps only if the pause is still too long for the plan. */
export function isAnotherRoundNeeded(
  round: { number: number; largestBlocks: number },
  limits: { pauseLimitSeconds: number; roundsMax: number },
): boolean {
  return round.number < limits.roundsMax && predictPauseSeconds(round.largestBlocks) > limits.pauseLimitSeconds;
}

function gibOf(blocks: number): number {
  return round((blocks * blockBytes) / 1024 ** 3);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
