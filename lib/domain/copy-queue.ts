/**
 * The order in which the plans of a recovery Region take the places for copies. AWS takes twenty copies at a time there, and nobody
 * gives places out: each run asks AWS how many are free, reads what the other plans still wait for, and leaves the places of those
 * before it in the queue.
 */
import * as z from 'zod';
import { name } from './fields.ts';
import { operationIdSchema, time } from './ids.ts';

/** What a plan has still to copy, so that others leave it the places that it needs first. An item of the catalogue: `COPIES` / `PLAN#<plan>`. */
export const copyDemandSchema = z
  .object({
    plan: name,
    operation: operationIdSchema,
    waiting: z.int().nonnegative(),
    /** When its copies must be under way at the latest; the earliest is the most urgent. */
    dueAt: time,
    /** It counts until then: a run that died holds no places. */
    until: time,
  })
  .readonly();
export type CopyDemand = z.output<typeof copyDemandSchema>;

/** Copies in flight per destination Region and account. @source aws-facts [1.6] */
export const copiesInFlightMax = 20;

/** What a plan's target says of a point under way. */
export interface Urgency {
  /** When the point that waits was begun. */
  readonly startedAt: string;
  /** When the newest available point was begun; `undefined` where there is none. */
  readonly newestStartedAt: string | undefined;
  readonly rpoTargetSeconds: number;
}

/** Seconds until the target is missed; negative once it is. A plan without a point counts from the one that waits. */
export function secondsToTarget({ startedAt, newestStartedAt, rpoTargetSeconds }: Urgency, now: Date): number {
  return (Date.parse(newestStartedAt ?? startedAt) - now.getTime()) / 1_000 + rpoTargetSeconds;
}

/**
 * When the copies of a plan have to be under way at the latest, so that its target is met. Of a target that is missed long since, no more than
 * once the target counts: else a plan whose points never complete would stand before all others for ever. So every point that is
 * begun later than this, plus its own target, is behind, and nobody waits without end.
 * @param copySeconds how long what is still to be copied takes
 */
export function dueAt(urgency: Urgency, copySeconds: number): string {
  const startedAt = Date.parse(urgency.startedAt);
  const due = startedAt + (secondsToTarget(urgency, new Date(startedAt)) - copySeconds) * 1_000;
  return new Date(Math.max(due, startedAt - urgency.rpoTargetSeconds * 1_000)).toISOString();
}

/** How many of `free` places are left for a plan when those before it in the queue have theirs. */
export function placesFor(mine: CopyDemand, all: readonly CopyDemand[], free: number, now: Date): number {
  const before = all.filter(
    (other) => other.plan !== mine.plan && Date.parse(other.until) > now.getTime() && isBefore(other, mine),
  );
  const left = before.reduce((places, { waiting }) => places - waiting, free);
  return Math.max(0, Math.min(left, mine.waiting));
}

function isBefore(one: CopyDemand, other: CopyDemand): boolean {
  return one.dueAt === other.dueAt ? one.plan < other.plan : one.dueAt < other.dueAt;
}

/** A copy that could be begun. */
interface Waiting {
  readonly key: string;
  /** How long it is taken to last. */
  readonly seconds: number;
}

/** The longest first: begun last, it alone would set the end of the point. */
export function longestFirst<Copy extends Waiting>(copies: readonly Copy[]): Copy[] {
  return copies.toSorted((a, b) => b.seconds - a.seconds || a.key.localeCompare(b.key));
}

/** How long copies take at least when a plan has all places: the longest of them, or all of them side by side. */
export function togetherSeconds(seconds: readonly number[]): number {
  return Math.max(0, ...seconds, seconds.reduce((sum, each) => sum + each, 0) / copiesInFlightMax);
}
