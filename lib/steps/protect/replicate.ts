import { blockBytes } from '../../domain/blocks.ts';
import { type PointVolume, type Twin, type VolumeKey, volumeKey } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import { isByBlocks } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';
import type { Transfer, TransferItem } from '../transfer/transfer.ts';
import { withMethod } from './choose-method.ts';
import { afterFailedCopy, beginCopy, completed, copyPurpose, copyStep } from './copy-volume.ts';
import { sayFullCopies } from './full-copies.ts';
import { type Look, lookAt, refuseVanished, type ReplicateInput, lastedSeconds } from './look.ts';
import { noteBegun, takePlaces } from './places.ts';

/** The first copy of a large volume takes hours; a run holds the plan all that time, so it is given up after a day. @source aws-facts [1.2] */
const replicateSecondsMax = 86_400;
/** The last point of a planned failover: nobody is served while it is copied, and it holds only what was written since the point before. */
const stoppedReplicateSecondsMax = 7_200;
/** A place that becomes free is taken sooner, for so many looks: some four hours, beside which a day of looks fits into the history. @source aws-facts [5.1] */
const crowdedPauseSeconds = 15;
const crowdedLooksMax = 800;

/** How a volume stands, and whether a copy of it could begin. */
interface Standing {
  readonly server: string;
  readonly volume: PointVolume;
  readonly needsCopy: boolean;
}

/** Looks at every volume of the point and moves it one step on towards the recovery Region. */
export async function replicate(
  services: Services,
  input: ReplicateInput,
): Promise<PollResult & { transfers: readonly TransferItem[] }> {
  await services.proveEpoch(input);
  const look = await lookAt(services, input);
  const { point, plan } = look;
  const standings: Standing[] = [];
  for (const [server, { volumes }] of Object.entries(point.servers))
    for (const volume of Object.values(volumes)) standings.push(await standingOf(look, server, volume));
  // Before what was decided is kept: of a decision that is there nothing would be said any more.
  await sayFullCopies(services, { ...input, step: 'protect/replicate' }, look.fullCopies);
  await sayNotes(look);
  const { isDone, waiting } = await moveOn(look, standings);
  await sayNotes(look);
  const withinSeconds = input.isStopped === true ? stoppedReplicateSecondsMax : replicateSecondsMax;
  const next = nextPollWithin(input.poll, isDone, services.now(), {
    withinSeconds,
    overdue: () =>
      new Failure(
        'CopyFailed',
        `Point ${point.id} of plan ${plan.name} is not complete in ${plan.recovery.region} after ${withinSeconds} s. The next point starts anew.`,
      ),
  });
  const isCrowded = waiting > 0 && next.polls < crowdedLooksMax;
  const waitSeconds = isCrowded ? Math.min(next.waitSeconds, crowdedPauseSeconds) : next.waitSeconds;
  return { ...next, waitSeconds, transfers: look.transfers };
}

async function sayNotes({ services, input, notes }: Look): Promise<void> {
  const said = notes.splice(0);
  if (said.length > 0) await services.catalogue.addEvent(input.operation, services.now(), said.join(' '));
}

/** Begins the copies for which there is a place, and keeps what has changed, server by server. */
async function moveOn(
  look: Look,
  standings: readonly Standing[],
): Promise<{ readonly isDone: boolean; readonly waiting: number }> {
  const { services, plan, point } = look;
  const copies = standings.filter(({ needsCopy }) => needsCopy);
  const places = await takePlaces(
    look,
    copies.map(({ server, volume }) => ({
      key: volumeKey(server, volume.device),
      seconds: volume.estimated?.seconds ?? 0,
    })),
  );
  let isDone = true;
  for (const [name, server] of Object.entries(point.servers)) {
    const volumes: Record<string, PointVolume> = {};
    for (const { volume, needsCopy } of standings.filter((standing) => standing.server === name)) {
      const begins = needsCopy && places.begin.has(volumeKey(name, volume.device));
      volumes[volume.device] = begins ? await beginCopy(look, name, volume) : volume;
    }
    if (JSON.stringify(volumes) !== JSON.stringify(server.volumes))
      await services.catalogue.setPointVolumes(plan.name, point.id, name, volumes);
    isDone &&= Object.values(volumes).every(({ isComplete }) => isComplete);
  }
  await noteBegun(look, places);
  return { isDone, waiting: places.waiting };
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
