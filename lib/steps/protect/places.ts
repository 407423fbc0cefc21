import { ec2Client } from '../../aws/clients.ts';
import { findCopiesInFlight } from '../../aws/snapshots.ts';
import { type VolumeKey, volumeKey } from '../../domain/catalogue.ts';
import {
  type CopyDemand,
  copiesInFlightMax,
  dueAt,
  longestFirst,
  placesFor,
  togetherSeconds,
} from '../../domain/copy-queue.ts';
import { copyPurpose } from './copy-volume.ts';
import type { Look } from './look.ts';

/** What a plan waits for is left to it for so long after its last look: two of the longest pauses between looks, and a look. */
const demandSeconds = 180;

/** A volume whose copy could begin. */
export interface WaitingCopy {
  readonly key: VolumeKey;
  /** How long it is taken to last. */
  readonly seconds: number;
}

/** The copies that begin now, and how many of those that could begin have to wait for a place. */
export interface Places {
  readonly begin: ReadonlySet<VolumeKey>;
  readonly waiting: number;
  /** Copies of the point that are under way then. */
  readonly underWay: number;
  /** What other plans read of this one. */
  readonly noted: CopyDemand | undefined;
}

/**
 * Chooses the copies that begin now. What is free AWS says; what plans that are more urgent wait for is left to them. A volume whose earlier
 * copy is still under way waits for that: AWS would not begin before, and the place would be idle. @source aws-facts [1.6]
 */
export async function takePlaces(look: Look, copies: readonly WaitingCopy[]): Promise<Places> {
  const own = ownInFlight(look);
  if (copies.length === 0) return { begin: new Set(), waiting: 0, underWay: own.length, noted: undefined };
  const { services, plan } = look;
  const inFlight = await findCopiesInFlight(services.client(ec2Client, plan.recovery.region));
  const busy = new Set(
    inFlight
      .filter((copy) => copy.plan === plan.name && copy.purpose === copyPurpose)
      .map(({ server = '', device = '' }) => volumeKey(server, device)),
  );
  const ready = longestFirst(copies.filter(({ key }) => !busy.has(key)));
  const noted = await noteWaiting(look, ready);
  const taken = new Set([...inFlight.map(({ id }) => id), ...own]);
  const free = copiesInFlightMax - taken.size;
  const places = placesFor(noted, await services.catalogue.copyDemands(), free, services.now());
  const begin = new Set(ready.slice(0, places).map(({ key }) => key));
  return { begin, waiting: ready.length - places, underWay: own.length + begin.size, noted };
}

/** Copies of this point that are not known to have ended: what has just begun may not be described yet. @source aws-facts [7.4] */
function ownInFlight({ point, copies }: Look): string[] {
  const volumes = Object.values(point.servers).flatMap((server) => Object.values(server.volumes));
  return volumes.flatMap(({ copy, isComplete }) => {
    if (copy === null || isComplete) return [];
    const state = copies.get(copy)?.state ?? 'pending';
    return state === 'pending' ? [copy] : [];
  });
}

/** Noted before the notes of others are read: of two that look at the same moment one at least sees the other. */
async function noteWaiting(look: Look, ready: readonly WaitingCopy[]): Promise<CopyDemand> {
  const { services, plan, input } = look;
  const seconds = togetherSeconds(ready.map((copy) => copy.seconds));
  const demand = {
    plan: plan.name,
    operation: input.operation,
    waiting: ready.length,
    dueAt: dueAt(await look.urgency(), seconds),
    until: new Date(services.now().getTime() + demandSeconds * 1_000).toISOString(),
  };
  await services.catalogue.noteCopyDemand(demand);
  return demand;
}

/**
 * Where nothing waits any more the note says so. Else it stays as it is until the next look: what has just begun may not be described yet,
 * and another plan would take its place for one that is free. @source aws-facts [7.4]
 */
export async function noteBegun({ services }: Look, { begin, waiting, noted }: Places): Promise<void> {
  if (noted !== undefined && begin.size > 0 && waiting === 0)
    await services.catalogue.noteCopyDemand({ ...noted, waiting });
}
