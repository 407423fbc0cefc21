import { blockBytes } from '../../domain/blocks.ts';
import {
  type PointServer,
  type PointVolume,
  type RecoveryPoint,
  type Twin,
  type VolumeKey,
  volumeKey,
} from '../../domain/catalogue.ts';
import { copiesInFlightMax } from '../../domain/copy-queue.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import { isByBlocks } from '../../domain/replication-record.ts';
import { pause } from '../pause.ts';
import type { Services } from '../services.ts';
import type { Transfer, TransferItem } from '../transfer/transfer.ts';
import { withMethod } from './choose-method.ts';
import { afterFailedCopy, beginCopy, completed, copyPurpose, copyStep } from './copy-volume.ts';
import { sayFullCopies } from './full-copies.ts';
import { type Look, lookAgain, lookAt, refuseVanished, type ReplicateInput, lastedSeconds } from './look.ts';
import { noteBegun, type Places, takePlaces } from './places.ts';

/** The first copy of a large volume takes hours; a run holds the plan all that time, so it is given up after a day. @source aws-facts [1.2] */
const replicateSecondsMax = 86_400;
/** The last point of a planned failover: nobody is served while it is copied, and it holds only what was written since the point before. */
const stoppedReplicateSecondsMax = 7_200;
/** Of the five minutes of its function, in which calls that nobody answers end as well. */
const patienceSecondsMax = 200;
/**
 * While copies wait, by a plan that has all places. One that has fewer looks less often, so that all of them together look about as often as one:
 * two or three calls a look, of the twenty a second that AWS allows. @source aws-facts [7.1]
 */
const crowdedPauseMs = 1_000;
const crowdedPauseMsMax = 15_000;

/** How a volume stands, and whether a copy of it could begin. */
interface Standing {
  readonly server: string;
  readonly volume: PointVolume;
  readonly needsCopy: boolean;
}

/**
 * Moves every volume of the point on towards the recovery Region. While copies wait for a place, the step itself looks again and again: a place that is free
 * for half a minute is time that the plan's target does not have.
 */
export async function replicate(
  services: Services,
  input: ReplicateInput,
): Promise<PollResult & { transfers: readonly TransferItem[] }> {
  const latest = services.now().getTime() + patienceSecondsMax * 1_000;
  await services.proveEpoch(input);
  let look = await lookAt(services, input);
  let wasCrowded = false;
  for (;;) {
    const { servers, waiting, underWay } = await moveOn(look);
    const isOver = look.transfers.length > 0 || services.now().getTime() >= latest;
    // The last copies are as short as those before them.
    const isCrowded = waiting > 0 || (wasCrowded && underWay > 0);
    if (isOver || !isCrowded) {
      const volumes = Object.values(servers).flatMap((server) => Object.values(server.volumes));
      const isDone = volumes.every(({ isComplete }) => isComplete);
      return { ...nextLook(services, input, { isDone, waiting, look }), transfers: look.transfers };
    }
    wasCrowded = true;
    await pause(Math.min(crowdedPauseMsMax, (crowdedPauseMs * copiesInFlightMax) / Math.max(1, underWay)));
    await services.proveEpoch(input);
    look = await lookAgain(look, { ...look.point, servers });
  }
}

function nextLook(
  services: Services,
  input: ReplicateInput,
  { isDone, waiting, look }: { readonly isDone: boolean; readonly waiting: number; readonly look: Look },
): PollResult {
  const withinSeconds = input.isStopped === true ? stoppedReplicateSecondsMax : replicateSecondsMax;
  const next = nextPollWithin(input.poll, isDone, services.now(), {
    withinSeconds,
    overdue: () =>
      new Failure(
        'CopyFailed',
        `Point ${look.point.id} of plan ${look.plan.name} is not complete in ${look.plan.recovery.region} after ${withinSeconds} s. The next point starts anew.`,
      ),
  });
  return waiting > 0 ? { ...next, waitSeconds: 1 } : next;
}

async function sayNotes({ services, input, notes }: Look): Promise<void> {
  const said = notes.splice(0);
  if (said.length > 0) await services.catalogue.addEvent(input.operation, services.now(), said.join(' '));
}

/** What became of the servers of a point in one look. */
type Moved = Pick<Places, 'waiting' | 'underWay'> & { readonly servers: RecoveryPoint['servers'] };

/** One step on for every volume: begins the copies for which there is a place, side by side, and keeps what has changed, server by server. */
async function moveOn(look: Look): Promise<Moved> {
  const { services, input, point } = look;
  const standings: Standing[] = [];
  for (const [server, { volumes }] of Object.entries(point.servers))
    for (const volume of Object.values(volumes)) standings.push(await standingOf(look, server, volume));
  // Before what was decided is kept: of a decision that is there nothing would be said any more.
  await sayFullCopies(services, { ...input, step: 'protect/replicate' }, look.fullCopies);
  await sayNotes(look);
  const copies = standings.filter(({ needsCopy }) => needsCopy);
  const places = await takePlaces(
    look,
    copies.map(({ server, volume }) => ({
      key: volumeKey(server, volume.device),
      seconds: volume.estimated?.seconds ?? 0,
    })),
  );
  const byServer = Map.groupBy(standings, ({ server }) => server);
  const moved = await Promise.all(
    Object.entries(point.servers).map(async ([name, server]) => {
      const of = { name, server, standings: byServer.get(name) ?? [], places };
      return [name, await moveServer(look, of)] as const;
    }),
  );
  await noteBegun(look, places);
  await sayNotes(look);
  const { waiting, underWay } = places;
  return { servers: Object.fromEntries(moved), waiting, underWay };
}

/** Where another tool took the place meanwhile, the volume waits on. */
async function beginIfRoom(look: Look, server: string, volume: PointVolume): Promise<PointVolume> {
  try {
    return await beginCopy(look, server, volume);
  } catch (error) {
    if (error instanceof Failure && error.code === 'AwsBusy') return volume;
    throw error;
  }
}

interface Moving {
  readonly name: string;
  readonly server: PointServer;
  readonly standings: readonly Standing[];
  readonly places: Places;
}

/** @throws Failure AwsNotYetConsistent when another run of the step has moved the server meanwhile */
async function moveServer(look: Look, { name, server, standings, places }: Moving): Promise<PointServer> {
  const volumes: Record<string, PointVolume> = {};
  for (const { volume, needsCopy } of standings) {
    const begins = needsCopy && places.begin.has(volumeKey(name, volume.device));
    volumes[volume.device] = begins ? await beginIfRoom(look, name, volume) : volume;
  }
  // What a look does not change stays the same object.
  if (Object.values(volumes).every((volume) => volume === server.volumes[volume.device])) return server;
  const { services, plan, point } = look;
  const of = { plan: plan.name, point: point.id, server: name };
  if (await services.catalogue.setPointVolumes(of, server, volumes))
    return { ...server, volumes, revision: (server.revision ?? 0) + 1 };
  throw new Failure(
    'AwsNotYetConsistent',
    `Server ${name} of point ${point.id} was moved on by another run of this step; it is looked at again.`,
  );
}

/** One volume, one step: snapshot pending → copy or delta chosen → complete. */
async function standingOf(look: Look, server: string, before: PointVolume): Promise<Standing> {
  const as = (volume: PointVolume, needsCopy = false) => ({ server, volume, needsCopy });
  if (before.isComplete || !(await isCaptured(look, server, before))) return as(before);
  const volume = before.method === null ? await withMethod(look, server, before) : before;
  const key = volumeKey(server, volume.device);
  const lastTwin = look.twins.get(key);
  if (isByBlocks(volume.method) && lastTwin !== undefined) return as(await advanceDelta(look, key, volume, lastTwin));
  if (volume.copy === null) return as(volume, true);
  const copy = look.copies.get(volume.copy);
  if (copy?.state === 'error') return as(afterFailedCopy(look, server, volume, copy), true);
  if (copy?.state === 'completed') return as(completed(volume, copy));
  if (copy === undefined)
    await refuseVanished(look, copyStep(look, server, volume), 'CopyFailed', `Copy ${volume.copy} of ${key}`);
  return as(volume);
}

/** Whether the snapshot at home is complete. @throws Failure SnapshotFailed when it never will be */
async function isCaptured(look: Look, server: string, { snapshot: id, device }: PointVolume): Promise<boolean> {
  const what = `Snapshot ${id} of ${volumeKey(server, device)}`;
  const snapshot = look.snapshots.get(id);
  if (snapshot?.state === 'error')
    throw new Failure('SnapshotFailed', `${what} ended in error: ${snapshot.message}. The next point starts anew.`);
  if (snapshot === undefined) await refuseVanished(look, `${look.input.point}/${server}`, 'SnapshotFailed', what);
  return snapshot?.state === 'completed';
}

/** Re-protection after failback: the same engine as failback, the other way. */
async function advanceDelta(look: Look, key: VolumeKey, volume: PointVolume, twin: Twin): Promise<PointVolume> {
  const { services, plan, input } = look;
  const id = `${input.point}/${key}`;
  const record = await services.catalogue.transfer(input.operation, id);
  if (record?.completedAt !== undefined && record.completedAt !== null) {
    const { target, method, changedBlocks, startedAt, completedAt } = record;
    const measured = { bytes: (changedBlocks ?? 0) * blockBytes, seconds: lastedSeconds(startedAt, completedAt) };
    return { ...volume, method, copy: target, isComplete: true, measured };
  }
  const transfer: Transfer = {
    id,
    volume: key,
    near: { region: plan.primary.region, base: twin.primarySnapshot, snapshot: volume.snapshot },
    far: { region: plan.recovery.region, base: twin.recoverySnapshot },
    sizeGib: volume.sizeGib,
    purpose: copyPurpose,
    point: input.point,
  };
  look.transfers.push({ plan: input.plan, operation: input.operation, epoch: input.epoch, transfer });
  return volume;
}
