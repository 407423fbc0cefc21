import * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots, type SnapshotFacts } from '../../aws/snapshots.ts';
import { encryptsByDefault } from '../../aws/volumes.ts';
import type { PointHeader, PointVolume, RecoveryPoint, Twin, VolumeKey } from '../../domain/catalogue.ts';
import { secondsToTarget, type Urgency } from '../../domain/copy-queue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { pollSchema } from '../../domain/poll.ts';
import { isNativeCopy, lastTwins } from '../../domain/twins.ts';
import { once } from '../once.ts';
import { contextSchema, type Services } from '../services.ts';
import type { TransferItem } from '../transfer/transfer.ts';

export const replicateSchema = contextSchema.extend({
  point: z.string(),
  /** The servers are stopped meanwhile: nobody is served. */
  isStopped: z.boolean().optional(),
  poll: pollSchema,
});
export type ReplicateInput = z.infer<typeof replicateSchema>;

const visibleSecondsMax = 300;
/** From the end of the last copy to a sealed point: a pause of the poll, and the seal. */
const sealSeconds = 90;

/** One look at a point under way: what there is, and what is to be said of it. */
export interface Look {
  readonly services: Services;
  readonly plan: Plan;
  readonly input: ReplicateInput;
  readonly point: RecoveryPoint;
  readonly twins: ReadonlyMap<VolumeKey, Twin>;
  /** Snapshots at home, by id. */
  readonly snapshots: ReadonlyMap<string, SnapshotFacts>;
  /** Copies of this point, by id. */
  readonly copies: ReadonlyMap<string, SnapshotFacts>;
  /** Both sides of the last twins, by id; of those that AWS copied only what is in the recovery Region. This and what follows is asked for once, and only by who needs it. */
  sides(): Promise<ReadonlyMap<string, SnapshotFacts>>;
  urgency(): Promise<Urgency>;
  isEncryptedByDefault(): Promise<boolean>;
  /** What the newest deltas of a device moved, newest first. */
  deltaBytesOf(server: string, volume: PointVolume): Promise<readonly number[]>;
  /** How long the full copies take that this look has decided on. */
  readonly announcedSeconds: number[];
  readonly transfers: TransferItem[];
  /** What happened in this look, for the operation's events. */
  readonly notes: string[];
  /** Why volumes are copied in full although there is an earlier image of them. */
  readonly fullCopies: string[];
}

/** @throws Failure UnknownRecoveryPoint */
export async function lookAt(services: Services, input: ReplicateInput): Promise<Look> {
  const plan = services.plan(input.plan);
  const point = await services.catalogue.point(plan.name, input.point);
  if (point === undefined)
    throw new Failure('UnknownRecoveryPoint', `Plan ${plan.name} has no recovery point ${input.point}.`);
  const twins = lastTwins(await services.catalogue.twins(plan.name));
  const recovery = services.client(ec2Client, plan.recovery.region);
  return {
    services,
    plan,
    input,
    point,
    twins,
    ...(await snapshotsOf(services, plan, { point, complete: new Map() })),
    sides: once(() => describeSides(services, plan, [...twins.values()])),
    urgency: once(() => urgencyOf(services, plan, { point, isStopped: input.isStopped === true })),
    isEncryptedByDefault: once(() => encryptsByDefault(recovery)),
    deltaBytesOf: deltaBytes(services, plan),
    ...nothingYet(),
  };
}

/**
 * The next look of the same run of the step, minutes after the first at most: at what goes on by itself, which are snapshots and copies. `point` is what the run
 * has made of it: nobody else works on it meanwhile (I6).
 */
export async function lookAgain(before: Look, point: RecoveryPoint): Promise<Look> {
  const { services, plan } = before;
  const complete = new Map([...before.snapshots].filter(([, { state }]) => state === 'completed'));
  return { ...before, point, ...(await snapshotsOf(services, plan, { point, complete })), ...nothingYet() };
}

function nothingYet(): Pick<Look, 'announcedSeconds' | 'transfers' | 'notes' | 'fullCopies'> {
  return { announcedSeconds: [], transfers: [], notes: [], fullCopies: [] };
}

async function describeSides(
  { client }: Services,
  { primary, recovery }: Plan,
  twins: readonly Twin[],
): Promise<ReadonlyMap<string, SnapshotFacts>> {
  const away = twins.map(({ recoverySnapshot }) => recoverySnapshot);
  const atHome = twins.filter((twin) => !isNativeCopy(twin)).map(({ primarySnapshot }) => primarySnapshot);
  return new Map([
    ...(await describeSnapshots(client(ec2Client, recovery.region), away)),
    ...(await describeSnapshots(client(ec2Client, primary.region), atHome)),
  ]);
}

/** Of volumes that are not complete. @param complete snapshots at home that were seen complete */
async function snapshotsOf(
  { client }: Services,
  { primary, recovery }: Plan,
  { point, complete }: { readonly point: RecoveryPoint; readonly complete: ReadonlyMap<string, SnapshotFacts> },
): Promise<Pick<Look, 'snapshots' | 'copies'>> {
  const volumes = Object.values(point.servers)
    .flatMap((server) => Object.values(server.volumes))
    .filter(({ isComplete }) => !isComplete);
  const pending = volumes.map(({ snapshot }) => snapshot).filter((id) => !complete.has(id));
  const copies = volumes.map(({ copy }) => copy).filter((copy) => copy !== null);
  const found = await describeSnapshots(client(ec2Client, primary.region), pending);
  return {
    snapshots: new Map([...complete, ...found]),
    copies: await describeSnapshots(client(ec2Client, recovery.region), copies),
  };
}

/** While servers are stopped for it nothing is more urgent than their point. */
async function urgencyOf(
  services: Services,
  { name, protection }: Plan,
  { point, isStopped }: { point: RecoveryPoint; isStopped: boolean },
): Promise<Urgency> {
  const newest = await services.catalogue.newestAvailable(name);
  const rpoTargetSeconds = isStopped ? 0 : protection.rpoTargetSeconds;
  return { startedAt: point.startedAt, newestStartedAt: newest?.startedAt, rpoTargetSeconds };
}

/** Of so many points: more would tell of a time that is gone. */
const pointsMax = 3;

function deltaBytes({ catalogue }: Services, plan: Plan): Look['deltaBytesOf'] {
  const newest = once(async () => {
    let available = 0;
    const isEnough = ({ status }: PointHeader) => status === 'available' && (available += 1) === pointsMax;
    const headers = await catalogue.pointHeadersUntil(plan.name, isEnough);
    const ids = headers.filter(({ status }) => status === 'available').map(({ id }) => id);
    return Promise.all(ids.map((id) => catalogue.point(plan.name, id)));
  });
  return async (server, { device }) => {
    const images = (await newest()).map((point) => point?.servers[server]?.volumes[device]);
    return images.flatMap((image) =>
      image?.method === 'delta' && image.measured?.bytes !== undefined ? [image.measured.bytes] : [],
    );
  };
}

/** Until a copy must be complete, so that the point is sealed before the plan's target is missed. */
export async function secondsLeft(look: Look): Promise<number> {
  return secondsToTarget(await look.urgency(), look.services.now()) - sealSeconds;
}

/**
 * An unencrypted volume has an encrypted copy where the recovery Region encrypts by default: under the plan's key, if there is one, and
 * not under the default key, which the roles may not use and somebody may change. @source aws-facts [1.6]
 */
export async function isCopyEncrypted({ isEncryptedByDefault }: Look, { isEncrypted }: PointVolume): Promise<boolean> {
  return isEncrypted || (await isEncryptedByDefault());
}

/** How long something lasted, by times that may come from two clocks. */
export function lastedSeconds(from: string, to: string): number {
  return Math.max(0, secondsBetween(from, to));
}

/** What is not described minutes after `step` created it has been deleted. @source aws-facts [7.4] */
export async function refuseVanished(
  { services, input }: Look,
  step: string,
  code: FailureCode,
  what: string,
): Promise<void> {
  const made = await services.catalogue.creation(input.operation, step, z.unknown());
  const ageSeconds = (services.now().getTime() - Date.parse(made?.requestedAt ?? input.poll.since ?? '')) / 1_000;
  if (ageSeconds > visibleSecondsMax) throw new Failure(code, `${what} no longer exists. The next point starts anew.`);
}
