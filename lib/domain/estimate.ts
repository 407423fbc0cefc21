import { blockBytes, blocksPerSecondMax } from './blocks.ts';
import type { FailbackEstimate, VolumeKey } from './catalogue.ts';
import { apiDollarsPerBlock, transferDollars } from './prices.ts';

const dollarsPerBlock = apiDollarsPerBlock + transferDollars(blockBytes);
/** Stop (~1 min), snapshot (~1 min), rebuild (~1 min), boot and checks (~3 min). */
const cutOverOverheadSeconds = 360;

/** What a failback would move now. Volumes move side by side, so the largest delta sets the time. */
export function estimateFailback(changedBlocks: ReadonlyMap<VolumeKey, number>): FailbackEstimate {
  const volumes = [...changedBlocks].map(([volume, blocks]) => ({ volume, changedBlocks: blocks, gib: gibOf(blocks) }));
  const blocks = volumes.reduce((sum, volume) => sum + volume.changedBlocks, 0);
  const largest = Math.max(0, ...volumes.map((volume) => volume.changedBlocks));
  return {
    volumes,
    changedBlocks: blocks,
    gib: gibOf(blocks),
    minutes: round((largest / blocksPerSecondMax + cutOverOverheadSeconds) / 60),
    dollars: round(blocks * dollarsPerBlock),
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
