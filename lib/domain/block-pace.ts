/** How fast requests of one kind go to one snapshot, learnt from what is throttled. Times are milliseconds since 1970. */
export interface Pace {
  readonly perSecond: number;
  /** What it began with. */
  readonly share: number;
  /** When the next request may go. */
  readonly nextMs: number;
  /** Up to when growth has been counted. */
  readonly grownMs: number;
  /** Of the last slowing down: what was sent before then tells nothing new. `undefined` while nothing was throttled yet. */
  readonly slowedMs: number | undefined;
  /** The share that the next slowing down takes away. */
  readonly cut: number;
}

/** A worker that was late may catch up so much: small transfers never wait. */
const catchUpMs = 100;
/** While nothing was throttled yet the pace doubles each second. */
const seekingPerSecond = 2;
/**
 * Afterwards it grows by so much of itself a second, and faster the longer nothing was throttled: from a tenth below a limit to a tenth
 * above in some 20 s. A slow one grows by more of itself than a fast one, so that workers come to go alike.
 */
const growthPerSecond = 0.005;
const growthDoublesSeconds = 5;
const growthExponent = 0.75;
const calmSecondsMax = 60;
/**
 * The first cut is small, so that the pace stays near the limit; while throttling goes on each cut is larger than the one before: a limit
 * that fell to a tenth is found after nine answers, one after the other.
 */
const cutMin = 0.1;
const cutGrowth = 1.5;
const cutMax = 0.3;
const calmSeconds = 1;
const perSecondMin = 1;
/** Growth is counted over no longer than this between two answers: a worker that did nothing has learnt nothing. */
const growthMsMax = 1_000;

/** A pace to begin with, at `perSecond`. */
export function beginPace(perSecond: number, nowMs: number): Pace {
  return { perSecond, share: perSecond, nextMs: nowMs - catchUpMs, grownMs: nowMs, slowedMs: undefined, cut: cutMin };
}

/** Milliseconds until a request may go; 0 when it may go now. */
export function waitMs({ nextMs }: Pace, nowMs: number): number {
  return Math.max(0, nextMs - nowMs);
}

/** The pace after a request went. */
export function afterSending(pace: Pace, nowMs: number): Pace {
  return { ...pace, nextMs: Math.max(pace.nextMs, nowMs - catchUpMs) + 1_000 / pace.perSecond };
}

/** The pace after a request was answered. It grows only while requests wait for it: what limits then is the pace. */
export function afterAnswer(pace: Pace, nowMs: number, perSecondMax: number): Pace {
  const isLimiting = pace.nextMs > nowMs - catchUpMs / 2;
  const seconds = isLimiting ? Math.min(nowMs - pace.grownMs, growthMsMax) / 1_000 : 0;
  const calm = pace.slowedMs === undefined ? 0 : Math.min(calmSecondsMax, (nowMs - pace.slowedMs) / 1_000);
  const growth =
    pace.slowedMs === undefined
      ? pace.perSecond * (seekingPerSecond ** seconds - 1)
      : pace.perSecond ** growthExponent *
        pace.share ** (1 - growthExponent) *
        growthPerSecond *
        (1 + calm / growthDoublesSeconds) *
        seconds;
  return {
    ...pace,
    perSecond: Math.min(perSecondMax, pace.perSecond + growth),
    grownMs: nowMs,
    cut: calm > calmSeconds ? cutMin : pace.cut,
  };
}

/** The pace after a request that was sent at `sentMs` was throttled: it slows down once for all that were under way together. */
export function afterThrottling(pace: Pace, sentMs: number, nowMs: number): Pace {
  if (pace.slowedMs !== undefined && sentMs <= pace.slowedMs) return pace;
  const perSecond = Math.max(perSecondMin, pace.perSecond * (1 - pace.cut));
  return {
    ...pace,
    perSecond,
    nextMs: Math.max(pace.nextMs, nowMs + 1_000 / perSecond),
    grownMs: nowMs,
    slowedMs: nowMs,
    cut: Math.min(cutMax, pace.cut * cutGrowth),
  };
}
