/** A duration as people write it, such as `15 minutes` or `1 hour`. */
export const durationPattern = /^[1-9]\d{0,6} (seconds?|minutes?|hours?|days?)$/;

/** What is said of a text that is no duration. */
export const durationMessage = 'is not a duration. Write it like "15 minutes" or "2 hours".';

const secondsOf = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;

/** Seconds of a duration such as `15 minutes`; `undefined` when the text is none. */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  const [count, unit] = text.split(' ');
  const seconds = secondsOf[(unit ?? '').replace(/s$/, '') as keyof typeof secondsOf];
  return Number(count) * seconds;
}

/** A duration in words, in the largest unit that shows it as a whole number: 5400 is `90 minutes`. */
export function formatDuration(durationSeconds: number): string {
  const units = Object.entries(secondsOf).toReversed();
  const [unit, unitSeconds] = units.find(
    ([, seconds]) => durationSeconds >= seconds && durationSeconds % seconds === 0,
  ) ?? ['second', 1];
  const count = durationSeconds / unitSeconds;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Between two times as ISO 8601 writes them; negative where `to` is the earlier one. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}
