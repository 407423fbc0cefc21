import { ec2Client, ec2OnceClient } from '../../aws/clients.ts';
import { z } from 'zod';
import {
  copySnapshot,
  countCopiesInFlight,
  describeSnapshots,
  findSnapshots,
  type SnapshotFacts,
} from '../../aws/snapshots.ts';
import {
  type PointVolume,
  type RecoveryPoint,
  type ReplicationMethod,
  snapshotId,
  type Twin,
  type VolumeKey,
  volumeKey,
} from '../../domain/catalogue.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { lastTwins } from '../../domain/twins.ts';
import { chooseMethod } from '../../domain/replication.ts';
import { createOnce } from '../operation/create-once.ts';
import { sayFullCopies } from './full-copies.ts';
import { contextSchema, type Services } from '../services.ts';
import type { Transfer, TransferItem } from '../transfer/transfer.ts';

export const replicateSchema = contextSchema.extend({ point: z.string(), poll: pollSchema });
type ReplicateInput = z.infer<typeof replicateSchema>;

/** Copies in flight per destination Region and account. @source aws-facts [1.6] */
const copiesInFlightMax = 20;
const visibleSecondsMax = 300;
/** The first copy of a large volume takes hours; a run holds the plan all that time, so it is given up after a day. @source aws-facts [1.2] */
const replicateSecondsMax = 86_400;

interface Look {
  readonly services: Services;
  readonly plan: Plan;
  readonly input: ReplicateInput;
  readonly twins: readonly Twin[];
  readonly snapshots: ReadonlyMap<string, SnapshotFacts>;
  readonly copies: ReadonlyMap<string, SnapshotFacts>;
  freeSlots: number;
  readonly transfers: TransferItem[];
  /** What happened in this look, for the operation's events. */
  readonly notes: string[];
  /** Why volumes are copied in full although there is an earlier image of them. */
  readonly fullCopies: string[];
}

/** Looks at every volume of the point and moves it one step on towards the recovery Region. */
export async function replicate(
  services: Services,
  input: ReplicateInput,
): Promise<PollResult & { transfers: readonly TransferItem[] }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const point = await pointOf(services, input);
  const volumes = Object.values(point.servers).flatMap((server) => Object.values(server.volumes));
  const recovery = services.client(ec2Client, plan.recovery.region);
  const look: Look = {
    services,
    plan,
    input,
    twins: await services.catalogue.twins(plan.name),
    snapshots: await describeSnapshots(
      services.client(ec2Client, plan.primary.region),
      volumes.map(({ snapshot }) => snapshot),
    ),
    copies: await describeSnapshots(
      recovery,
      volumes.map(({ copy }) => copy).filter((copy) => copy !== null),
    ),
    freeSlots: copiesInFlightMax - (await countCopiesInFlight(recovery)),
    transfers: [],
    notes: [],
    fullCopies: [],
  };
  let isDone = true;
  for (const [name, server] of Object.entries(point.servers)) {
    const next: Record<string, PointVolume> = {};
    for (const volume of Object.values(server.volumes)) next[volume.device] = await advance(look, name, volume);
    if (JSON.stringify(next) !== JSON.stringify(server.volumes))
      await services.catalogue.updatePointVolumes(plan.name, point.id, name, next);
    isDone &&= Object.values(next).every(({ isComplete }) => isComplete);
  }
  if (look.notes.length > 0) await services.catalogue.addEvent(input.operation, services.now(), look.notes.join(' '));
  await sayFullCopies(services, { ...input, step: 'protect/replicate' }, look.fullCopies);
  const next = nextPollWithin(input.poll, isDone, services.now(), {
    withinSeconds: replicateSecondsMax,
    overdue: () =>
      new Failure(
        'CopyFailed',
        `Point ${point.id} of plan ${plan.name} is not complete in ${plan.recovery.region} after ${replicateSecondsMax} s. The next point starts anew.`,
      ),
  });
  return { ...next, transfers: look.transfers };
}

async function pointOf(services: Services, { plan, point }: ReplicateInput): Promise<RecoveryPoint> {
  const found = await services.catalogue.point(plan, point);
  if (found === undefined) throw new Failure('UnknownRecoveryPoint', `Plan ${plan} has no recovery point ${point}.`);
  return found;
}

/** One volume, one step: snapshot pending → copy or delta started → complete. */
async function advance(look: Look, server: string, volume: PointVolume): Promise<PointVolume> {
  if (volume.isComplete) return volume;
  const key = volumeKey(server, volume.device);
  const snapshot = look.snapshots.get(volume.snapshot);
  if (snapshot?.state === 'error') {
    throw new Failure(
      'SnapshotFailed',
      `Snapshot ${volume.snapshot} of ${key} ended in error: ${snapshot.message}. The next point starts anew.`,
    );
  }
  if (snapshot === undefined)
    await refuseVanished(
      look,
      `${look.input.point}/${server}`,
      'SnapshotFailed',
      `Snapshot ${volume.snapshot} of ${key}`,
    );
  if (snapshot?.state !== 'completed') return volume;
  const lastTwin = lastTwins(look.twins).get(key);
  const method = volume.method ?? choose(look, key, volume, lastTwin);
  if (method === 'delta' && lastTwin !== undefined) return advanceDelta(look, key, volume, lastTwin);
  if (volume.copy === null) return startCopy(look, server, { ...volume, method });
  const copy = look.copies.get(volume.copy);
  if (copy?.state === 'error') return copyAgain(look, server, volume, copy);
  if (copy === undefined)
    await refuseVanished(look, copyStep(look, server, volume), 'CopyFailed', `Copy ${volume.copy} of ${key}`);
  return { ...volume, isComplete: copy?.state === 'completed' };
}

function choose(look: Look, key: VolumeKey, { volumeId }: PointVolume, lastTwin: Twin | undefined): ReplicationMethod {
  const { method, reason } = chooseMethod(volumeId, lastTwin);
  if (method === 'native-full' && lastTwin !== undefined) look.fullCopies.push(`${key} is copied in full: ${reason}`);
  return method;
}

/** What is not described minutes after `step` created it has been deleted. @source aws-facts [7.4] */
async function refuseVanished({ services, input }: Look, step: string, code: FailureCode, what: string): Promise<void> {
  const made = await services.catalogue.creation(input.operation, step, z.unknown());
  const ageSeconds = (services.now().getTime() - Date.parse(made?.requestedAt ?? input.poll.since ?? '')) / 1_000;
  if (ageSeconds > visibleSecondsMax) throw new Failure(code, `${what} no longer exists. The next point starts anew.`);
}

function copyStep({ input }: Look, server: string, { device, failedCopy }: PointVolume): string {
  return `${input.point}/${server}/${device}${failedCopy === undefined ? '' : '/again'}`;
}

/** A copy that ended in error is made once more: AWS may have had a bad moment. The second time it is the key, or something that stays. */
async function copyAgain(
  look: Look,
  server: string,
  volume: PointVolume,
  { id, message }: SnapshotFacts,
): Promise<PointVolume> {
  const { plan } = look;
  const what = `Copy ${id} of ${volumeKey(server, volume.device)} ended in error: ${message}`;
  if (volume.failedCopy !== undefined)
    throw new Failure(
      'CopyFailed',
      `${what}, and ${volume.failedCopy} before it. Check the key in ${plan.recovery.region}; the next point starts anew.`,
    );
  look.notes.push(`${what}. It is made once more.`);
  return startCopy(look, server, { ...volume, copy: null, failedCopy: id });
}

/** Other plans and other tools copy too. Where one of them takes the last slot meanwhile, AWS says so, and the repeat of the step sees it. */
async function startCopy(look: Look, server: string, volume: PointVolume): Promise<PointVolume> {
  if (look.freeSlots <= 0) return volume;
  look.freeSlots -= 1;
  const { services, input } = look;
  const { primary, recovery } = look.plan;
  const { plan, operation, point } = input;
  const step = copyStep(look, server, volume);
  const owner = { plan, operation, purpose: 'recovery-point-copy', step, point, server, device: volume.device };
  const copy = await createOnce(services, input, step, {
    made: snapshotId,
    find: async () => (await findSnapshots(services.client(ec2Client, recovery.region), owner))[0]?.id,
    make: () =>
      copySnapshot(services.client(ec2OnceClient, recovery.region), {
        sourceRegion: primary.region,
        sourceSnapshot: volume.snapshot,
        key: volume.isEncrypted ? recovery.key : undefined,
        owner,
      }),
  });
  return { ...volume, copy };
}

/** Re-protection after failback: the same engine as failback, the other way. */
async function advanceDelta(look: Look, key: VolumeKey, volume: PointVolume, twin: Twin): Promise<PointVolume> {
  const { services, plan, input } = look;
  const id = `${input.point}/${key}`;
  const record = await services.catalogue.transfer(input.operation, id);
  if (record?.completedAt !== undefined && record.completedAt !== null)
    return { ...volume, method: 'delta', copy: record.target, isComplete: true };
  const transfer: Transfer = {
    id,
    volume: key,
    near: { region: plan.primary.region, base: twin.primarySnapshot, snapshot: volume.snapshot },
    far: { region: plan.recovery.region, base: twin.recoverySnapshot },
    sizeGib: volume.sizeGib,
    purpose: 'recovery-point-copy',
    point: input.point,
  };
  look.transfers.push({ plan: input.plan, operation: input.operation, epoch: input.epoch, transfer });
  return { ...volume, method: 'delta' };
}
