import type { Operation } from './catalogue.ts';
import { secondsBetween } from './duration.ts';

/** What AWS takes. @source aws-facts [1.8] */
export const mibPerSecond = { from: 100, to: 300 };

/** AWS keeps to the rate within a tenth, of 99 volumes in a hundred. @source aws-facts [1.8] */
const slack = 1.1;

/**
 * How long the volumes of servers take at most until no block of theirs is still to be fetched: each at that rate by itself, and all of them side by side. Counted
 * by their sizes: how much of a volume is written is known to AWS only.
 */
export function hydrationSeconds(volumes: readonly { readonly sizeGib: number }[], rateMibPerSecond: number): number {
  const largestGib = Math.max(0, ...volumes.map(({ sizeGib }) => sizeGib));
  return Math.ceil(((largestGib * 1_024) / rateMibPerSecond) * slack);
}

/**
 * Seconds from the beginning of a failover or drill until every server that it launched has all of its performance, at the latest; `null` where that is not known of
 * one of them, since AWS fills its volumes as it likes.
 */
export function fullPerformanceSeconds({
  servers,
  leftOut,
  rtoSeconds,
  startedAt,
}: Pick<Operation, 'servers' | 'leftOut' | 'rtoSeconds' | 'startedAt'>): number | null {
  const launched = Object.entries(servers).filter(([name]) => leftOut[name]?.isRunning !== false);
  const known = launched.flatMap(([, { hydratedBy }]) => hydratedBy ?? []);
  if (rtoSeconds === null || launched.length === 0 || known.length < launched.length) return null;
  return Math.max(rtoSeconds, ...known.map((time) => secondsBetween(startedAt, time)));
}
