import { type PointVolume, type Twin, volumeKey } from '../../domain/catalogue.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { copiesInFlightMax } from '../../domain/copy-queue.ts';
import { forecastCopy } from '../../domain/native-copy.ts';
import { estimateDelta } from '../../domain/payback.ts';
import { transferDollars } from '../../domain/prices.ts';
import { chooseMethod, type MethodChoice, type Protection } from '../../domain/replication.ts';
import { isNativeCopy } from '../../domain/twins.ts';
import { isCopyEncrypted, type Look, lastedSeconds, secondsLeft } from './look.ts';

/** Decides how a volume gets to the recovery Region, and says so where everything is copied although there is an earlier image. */
export async function withMethod(look: Look, server: string, volume: PointVolume): Promise<PointVolume> {
  const key = volumeKey(server, volume.device);
  const { method, reason, full, estimated } = await choiceOf(look, server, volume);
  if (estimated !== undefined) {
    look.notes.push(`${key}: ${reason}.`);
    return { ...volume, method, estimated };
  }
  if (method === 'delta') {
    const [newest] = await look.deltaBytesOf(server, volume);
    return { ...volume, method, ...(newest === undefined ? {} : { estimated: estimateDelta(newest) }) };
  }
  const before = method === 'native-full' ? undefined : await farSideOf(look, server, volume);
  const forecast = forecastCopy({ fullBytes: fullBytesOf(look, volume), lastSeconds: secondsOf(before) });
  if (full === 'unexpected') look.fullCopies.push(`${key} is copied in full: ${reason}`);
  if (full === 'announced') {
    look.notes.push(`${key} is copied by AWS again: ${reason}.`);
    look.announcedSeconds.push(forecast.seconds);
  }
  return { ...volume, method, estimated: { ...forecast, dollars: transferDollars(forecast.bytes) } };
}

async function choiceOf(look: Look, server: string, volume: PointVolume): Promise<MethodChoice> {
  const lastTwin = look.twins.get(volumeKey(server, volume.device));
  const far = await farSideOf(look, server, volume);
  const isByBlocks = lastTwin !== undefined && !isNativeCopy(lastTwin);
  return chooseMethod({
    primaryVolume: volume.volumeId,
    lastTwin,
    far: far === undefined ? undefined : { isEncrypted: far.isEncrypted, key: far.key },
    lost: isByBlocks ? await lostSideOf(look, lastTwin) : undefined,
    wanted: await wantedOf(look, volume),
    formerKeys: look.plan.recovery.formerKeys ?? [],
    deltas: isByBlocks ? await deltasOf(look, server, volume) : undefined,
  });
}

async function farSideOf(look: Look, server: string, { device }: PointVolume): Promise<SnapshotFacts | undefined> {
  const lastTwin = look.twins.get(volumeKey(server, device));
  return lastTwin === undefined ? undefined : (await look.sides()).get(lastTwin.recoverySnapshot);
}

async function lostSideOf(look: Look, { primarySnapshot, recoverySnapshot }: Twin): Promise<string | undefined> {
  const sides = await look.sides();
  return [primarySnapshot, recoverySnapshot].find((side) => !sides.has(side));
}

/** Full copies that were decided on just before share the places with this one. */
async function deltasOf(look: Look, server: string, volume: PointVolume) {
  const others = look.announcedSeconds.reduce((sum, seconds) => sum + seconds, 0);
  return {
    deltaBytes: await look.deltaBytesOf(server, volume),
    fullBytes: fullBytesOf(look, volume),
    everySeconds: look.plan.protection.everySeconds,
    secondsLeft: (await secondsLeft(look)) - others / copiesInFlightMax,
  };
}

function fullBytesOf({ snapshots }: Look, { snapshot, sizeGib }: PointVolume): number {
  return snapshots.get(snapshot)?.fullBytes ?? sizeGib * 1024 ** 3;
}

function secondsOf(copy: SnapshotFacts | undefined): number | undefined {
  return copy?.completedAt === undefined ? undefined : lastedSeconds(copy.startedAt, copy.completedAt);
}

async function wantedOf(look: Look, volume: PointVolume): Promise<Protection> {
  const isEncrypted = await isCopyEncrypted(look, volume);
  const { key } = look.plan.recovery;
  return { isEncrypted, key: isEncrypted && key?.includes(':key/') === true ? key : undefined };
}
