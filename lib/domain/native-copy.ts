/** What a copy by AWS takes and costs, and within which time it may be asked for. */

const mebibyte = 1024 ** 2;
/**
 * AWS copies as fast as it can and promises nothing; this is taken for it where no earlier copy of the volume tells.
 * @source assumed: a fifth of what a time-based copy is given
 */
const usualBytesPerSecond = 100 * mebibyte;

/** Multiples of this, up to two days. @source aws-facts [1.7] */
const stepMinutes = 15;
const minutesMax = 2_880;
/** Of one time-based copy. @source aws-facts [1.7] */
const timedBytesPerSecondMax = 500 * mebibyte;

/** Per GiB copied, by the least number of minutes. @source aws-facts [1.7] */
const timedPrices: readonly (readonly [fromMinutes: number, dollarsPerGib: number])[] = [
  [960, 0.005],
  [480, 0.01],
  [240, 0.012],
  [120, 0.014],
  [60, 0.016],
  [30, 0.018],
];
const shortestPrice = 0.02;

/** What a copy moves and how long it lasts, before it is begun. */
export interface CopyForecast {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * An incremental copy is taken to last as long as the one before it, a full one as long as its data need.
 * @param fullBytes of all data that the snapshot restores; of an incremental copy AWS tells no size beforehand
 * @param lastSeconds how long the copy took on which this one builds; `undefined` for a full one
 * @source aws-facts [1.2]
 */
export function forecastCopy({
  fullBytes,
  lastSeconds,
}: {
  readonly fullBytes: number;
  readonly lastSeconds: number | undefined;
}): CopyForecast {
  if (lastSeconds === undefined) return { bytes: fullBytes, seconds: fullBytes / usualBytesPerSecond };
  return { bytes: Math.min(fullBytes, Math.ceil(lastSeconds * usualBytesPerSecond)), seconds: lastSeconds };
}

/**
 * Minutes within which a copy should be asked to complete, because it would otherwise come too late: the most, and so the cheapest,
 * that still meet the target. Where none does, the fewest that AWS can keep, if that is sooner at all; `undefined` for a usual copy.
 */
export function withinMinutes({ bytes, seconds }: CopyForecast, secondsLeft: number): number | undefined {
  if (seconds <= secondsLeft) return undefined;
  const needed = Math.max(stepMinutes, roundUp(bytes / timedBytesPerSecondMax / 60));
  const most = Math.min(minutesMax, Math.floor(secondsLeft / 60 / stepMinutes) * stepMinutes);
  const minutes = Math.max(needed, most);
  return minutes <= minutesMax && minutes * 60 < seconds ? minutes : undefined;
}

function roundUp(minutes: number): number {
  return Math.ceil(minutes / stepMinutes) * stepMinutes;
}

export function timedDollarsPerGib(minutes: number): number {
  return timedPrices.find(([from]) => minutes >= from)?.[1] ?? shortestPrice;
}
