import * as z from 'zod';
import { blockBytes } from './blocks.ts';
import type { Operation, PointHeader } from './catalogue.ts';
import { secondsBetween } from './duration.ts';
import { time } from './ids.ts';
import type { Plan } from './plan.ts';
import { snapshotDollarsPerMonth, volumeDollarsPerMonth, type VolumePrice } from './prices.ts';

const count = z.int().nonnegative();

/**
 * What stays of failbacks that have committed, until it is accepted (I5): stopped recovery servers with their images, their volumes and those
 * that were replaced at home, and snapshots of what a returned primary held.
 */
export const keptSchema = z
  .object({
    /** When the first of these failbacks committed. */
    since: time,
    servers: count,
    images: count,
    volumes: count,
    volumesGib: count,
    snapshots: count,
    /** Blocks in these snapshots that no recovery point had. */
    unreplicatedBlocks: count,
    dollarsPerMonth: z.number().nonnegative(),
  })
  .readonly();
export type Kept = z.output<typeof keptSchema>;

/** A failback of which something stays, and the failover whose servers it stopped. */
export interface Return {
  readonly failback: Operation;
  /** `undefined` where a rebuilt catalogue does not know it. */
  readonly failover: Operation | undefined;
}

/** Of a plan's failovers and failbacks those returns of which something stays, oldest first. */
export function keptReturns(moves: readonly Operation[]): Return[] {
  const final = moves.filter(({ committedAt }) => committedAt !== null).toSorted((a, b) => a.epoch - b.epoch);
  return final
    .filter(({ kind, acceptedAt }) => kind === 'failback' && acceptedAt === undefined)
    .map((failback) => ({
      failback,
      failover: final.findLast(({ kind, epoch }) => kind === 'failover' && epoch < failback.epoch),
    }));
}

/** When the plan came home last. */
export function homeSince(returns: readonly Return[]): string {
  return returns.at(-1)?.failback.committedAt ?? '';
}

export function unreplicatedBlocksOf(returns: readonly Return[]): number {
  const volumes = returns.flatMap(({ failback }) => Object.values(failback.unreplicated ?? {}));
  return volumes.reduce((sum, { blocks }) => sum + blocks, 0);
}

/** Whether the plan can be recovered from a point that was begun after it came home. */
export function isReprotected(returns: readonly Return[], newest: PointHeader | undefined): boolean {
  return newest !== undefined && secondsBetween(homeSince(returns), newest.startedAt) > 0;
}

/**
 * Until when the plan keeps what stays without being asked; `undefined`: until a person accepts it. Time takes only what people were told of; and what
 * no recovery point had is only taken away by a person, who has seen how much it is.
 */
export function keptUntil({ failback }: Pick<Plan, 'failback'>, returns: readonly Return[]): Date | undefined {
  const { keepForSeconds } = failback;
  const isTold = returns.length > 0 && returns.every(({ failback: { kept } }) => kept !== undefined);
  if (keepForSeconds === undefined || !isTold || unreplicatedBlocksOf(returns) > 0) return undefined;
  return new Date(Date.parse(homeSince(returns)) + keepForSeconds * 1_000);
}

/** What was found of returns. */
export interface Found {
  readonly servers: number;
  readonly images: number;
  readonly volumes: readonly VolumePrice[];
  readonly snapshots: number;
}

/** The sum of it. Of the snapshots only the blocks that no point had are counted: they share the others with those of the points. */
export function keptOf(returns: readonly Return[], { servers, images, volumes, snapshots }: Found): Kept {
  const unreplicatedBlocks = unreplicatedBlocksOf(returns);
  const dollars =
    volumes.reduce((sum, volume) => sum + volumeDollarsPerMonth(volume), 0) +
    snapshotDollarsPerMonth(unreplicatedBlocks * blockBytes);
  return {
    since: returns[0]?.failback.committedAt ?? '',
    servers,
    images,
    volumes: volumes.length,
    volumesGib: volumes.reduce((sum, { sizeGib }) => sum + sizeGib, 0),
    snapshots,
    unreplicatedBlocks,
    dollarsPerMonth: Math.round(dollars * 100) / 100,
  };
}

/** In words, as the rest of a sentence. */
function keptWords(kept: Kept): string {
  const { servers, images, volumes, volumesGib, snapshots, unreplicatedBlocks, dollarsPerMonth, since } = kept;
  const of = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`;
  const unreplicated = unreplicatedBlocks === 0 ? '' : ` with ${unreplicatedBlocks} blocks that no recovery point had`;
  return `${of(servers, 'stopped server')}, ${of(images, 'image')}, ${of(volumes, 'volume')} (${volumesGib} GiB), ${of(snapshots, 'snapshot')} of what the primary held${unreplicated}, kept since ${since}, about $${dollarsPerMonth.toFixed(2)} a month`;
}

/** What an operation found that stays, or took away, in a sentence; none where it did not look. */
export function keptLine({
  kind,
  extent,
  outcome,
  kept,
}: Pick<Operation, 'kind' | 'extent' | 'outcome' | 'kept'>): string[] {
  if (kept === undefined) return [];
  const isRemoved = kind === 'accept' && extent === undefined;
  const verb = isRemoved ? (outcome === 'succeeded' ? 'Removed' : 'To be removed') : 'Stays';
  return [`${verb}: ${keptWords(kept)}.`];
}

/** How long what stays is kept, and how to let it go. */
export function untilWords(plan: Pick<Plan, 'name' | 'failback'>, returns: readonly Return[]): string {
  const until = keptUntil(plan, returns);
  const accept = `until you accept that it goes: npx homeward accept ${plan.name}`;
  return until === undefined ? `Kept ${accept}` : `Kept until ${until.toISOString()}, or ${accept}`;
}
