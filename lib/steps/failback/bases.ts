import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots, type SnapshotFacts } from '../../aws/snapshots.ts';
import { encryptsByDefault } from '../../aws/volumes.ts';
import { type PointVolume, type Twin, type VolumeKey, volumeKey } from '../../domain/catalogue.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { pointTime } from '../../domain/recovery-point.ts';
import { lastTwins } from '../../domain/twins.ts';
import { imagesOf } from '../operation/images.ts';
import type { Context, Services } from '../services.ts';
import { failoverOf } from '../waves/site.ts';

/** A snapshot in each Region with the same content. `since`: from when on what serves may be another one. */
export type Base = Pick<Twin, 'primarySnapshot' | 'recoverySnapshot'> & { readonly since: string };

/** The base of a volume; `lost`: why nothing can be built on it, nor on anything else that there is of the volume. */
export interface FoundBase {
  readonly base: Base;
  readonly lost?: string;
}

/** A volume that serves, and its new snapshot. */
interface Serving {
  readonly key: VolumeKey;
  readonly snapshot: Pick<SnapshotFacts, 'sizeGib'>;
}

/** Where the serving volumes come from: the recovery point that the failover launched, and twins made since. */
export interface Origin {
  /** When it began to serve. */
  readonly servesSince: string;
  readonly launched: ReadonlyMap<VolumeKey, PointVolume>;
  /** Of the plan. */
  readonly twins: readonly Twin[];
  /** The last of those made since, by volume. */
  readonly since: ReadonlyMap<VolumeKey, Twin>;
}

export async function originOf(services: Services, context: Context): Promise<Origin> {
  const failover = await failoverOf(services, context);
  const images = await imagesOf(services, failover);
  const twins = await services.catalogue.twins(context.plan);
  const launched = [...images].flatMap(([server, { volumes }]) =>
    Object.values(volumes).map((volume): [VolumeKey, PointVolume] => [volumeKey(server, volume.device), volume]),
  );
  return {
    servesSince: failover?.committedAt ?? services.now().toISOString(),
    launched: new Map(launched),
    twins,
    since: lastTwins(twins.filter(({ epoch }) => epoch > (failover?.epoch ?? Number.POSITIVE_INFINITY))),
  };
}

/**
 * The base of each serving volume: the newest twin made since the failover; before the first round, the recovery point that was launched
 * from. Where a side of it is gone, any other pair of the volume will do, the newest of them: AWS then lists no changes, and the two are
 * compared, but what is at home still has most of the content.
 */
export async function findBases(
  services: Services,
  plan: Plan,
  origin: Origin,
  volumes: readonly Serving[],
): Promise<Map<VolumeKey, FoundBase>> {
  const first = volumes.map((volume) => ({ ...volume, bases: [baseOf(origin, volume.key)] }));
  const found = await judge(services, plan, first);
  const lost = volumes.filter(({ key }) => found.get(key)?.lost !== undefined);
  if (lost.length === 0) return found;
  const others = await othersOf(services, plan, origin);
  const second = lost.map((volume) => ({ ...volume, bases: others.get(volume.key) ?? [] }));
  for (const [key, other] of await judge(services, plan, second)) if (other.lost === undefined) found.set(key, other);
  return found;
}

function baseOf({ servesSince, launched, since }: Origin, key: VolumeKey): Base {
  const newest = since.get(key);
  if (newest !== undefined) return asBase(newest);
  const volume = launched.get(key);
  assertInvariant(
    volume?.copy !== undefined && volume.copy !== null,
    'I3',
    `the twin of ${key} that the failover was launched from is gone`,
  );
  return { primarySnapshot: volume.snapshot, recoverySnapshot: volume.copy, since: servesSince };
}

function asBase({ primarySnapshot, recoverySnapshot, madeAt }: Twin): Base {
  return { primarySnapshot, recoverySnapshot, since: pointTime(madeAt) };
}

/** All other pairs that there may be: of twins, and of recovery points, newest first. */
async function othersOf({ catalogue }: Services, plan: Plan, { twins }: Origin): Promise<Map<VolumeKey, Base[]>> {
  const bases = twins.map((twin): [VolumeKey, Base] => [twin.volume, asBase(twin)]);
  for (const { id, servers } of await catalogue.points(plan.name))
    for (const [server, { volumes }] of Object.entries(servers))
      for (const { device, snapshot, copy, isComplete } of Object.values(volumes))
        if (isComplete && copy !== null)
          bases.push([
            volumeKey(server, device),
            { primarySnapshot: snapshot, recoverySnapshot: copy, since: pointTime(id) },
          ]);
  const newestFirst = bases.toSorted(([, a], [, b]) => b.since.localeCompare(a.since));
  const grouped = Map.groupBy(newestFirst, ([key]) => key);
  return new Map([...grouped].map(([key, of]) => [key, of.map(([, base]) => base)]));
}

/** What the Regions say of bases. `atHome` is `undefined` where the primary Region is silent: an estimate does without. */
interface Present {
  readonly away: ReadonlyMap<string, SnapshotFacts>;
  readonly atHome: ReadonlyMap<string, SnapshotFacts> | undefined;
  readonly encryptsAtHome: boolean;
}

/** The first usable base of each volume; where none is, the first of all with what hinders it. Volumes without any are left out. */
async function judge(
  services: Services,
  plan: Plan,
  volumes: readonly (Serving & { readonly bases: readonly Base[] })[],
): Promise<Map<VolumeKey, FoundBase>> {
  const present = await lookFor(
    services,
    plan,
    volumes.flatMap(({ bases }) => bases),
  );
  const found = new Map<VolumeKey, FoundBase>();
  for (const { key, snapshot, bases } of volumes) {
    const judged = bases.map((base): FoundBase => {
      const lost = hindranceOf(base, snapshot, plan, present);
      return lost === undefined ? { base } : { base, lost };
    });
    const best = judged.find(({ lost }) => lost === undefined) ?? judged[0];
    if (best !== undefined) found.set(key, best);
  }
  return found;
}

async function lookFor({ client }: Services, plan: Plan, bases: readonly Base[]): Promise<Present> {
  const home = client(ec2Client, plan.primary.region);
  const away = await describeSnapshots(
    client(ec2Client, plan.recovery.region),
    bases.map(({ recoverySnapshot }) => recoverySnapshot),
  );
  try {
    const atHome = await describeSnapshots(
      home,
      bases.map(({ primarySnapshot }) => primarySnapshot),
    );
    const isOpen = [...atHome.values()].some(({ isEncrypted }) => !isEncrypted);
    return { away, atHome, encryptsAtHome: isOpen && (await encryptsByDefault(home)) };
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'AwsUnavailable')) throw error;
    return { away, atHome: undefined, encryptsAtHome: false };
  }
}

/** @source aws-facts [2.3]: nothing is smaller than its parent, nor written onto an unencrypted one where the Region encrypts by default */
function hindranceOf(
  { primarySnapshot, recoverySnapshot }: Base,
  { sizeGib }: Pick<SnapshotFacts, 'sizeGib'>,
  { primary, recovery }: Plan,
  { away, atHome, encryptsAtHome }: Present,
): string | undefined {
  const near = away.get(recoverySnapshot);
  if (near?.state !== 'completed') return `${recoverySnapshot} in ${recovery.region} is gone`;
  if (near.sizeGib > sizeGib) return `its volume is another one than before, and smaller: ${sizeGib} GiB`;
  if (atHome === undefined) return undefined;
  const far = atHome.get(primarySnapshot);
  if (far?.state !== 'completed') return `${primarySnapshot} in ${primary.region} is gone`;
  if (!far.isEncrypted && encryptsAtHome)
    return `${primarySnapshot} is unencrypted, and ${primary.region} encrypts by default now`;
  return undefined;
}
