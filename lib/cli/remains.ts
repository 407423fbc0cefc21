import { findServersOfPlan } from '../aws/instances.ts';
import { manifestPurpose, readManifest } from '../aws/manifests.ts';
import { findSnapshotsOfPlan, type SnapshotFacts } from '../aws/snapshots.ts';
import { Failure, isTransient } from '../domain/failure.ts';
import type { Plan } from '../domain/plan.ts';
import type { KeptManifest, Remains } from '../domain/rebuild.ts';
import type { Console } from './operations.ts';
import { UserError } from './plans.ts';

export interface Found {
  readonly remains: Remains;
  /** Snapshots that say to hold a manifest and hold none that can be used, each with its reason. */
  readonly unread: readonly string[];
}

/**
 * Looks in both Regions for what is left of a plan beside its table. The primary Region may be silent.
 * @throws UserError when the recovery Region is, or holds no manifest
 */
export async function findRemains(console: Console, plan: Plan): Promise<Found> {
  const { region } = plan.recovery;
  const away = console.clients(region);
  const found = await orSilent(() => findSnapshotsOfPlan(away.ec2, plan.name));
  if (found === undefined)
    throw new UserError(
      `${region} does not answer. Table, copies and manifests of plan ${plan.name} are there: nothing can be read or written before it does.`,
    );
  const { manifests, unread } = await readManifests(console, plan, found);
  if (manifests.length === 0)
    throw new UserError(
      [
        `There is no manifest of plan ${plan.name} in ${region}, so there is nothing to rebuild its catalogue from. Look whether credentials and Region are the right ones; versions that kept no manifests leave none.`,
        ...unread,
      ].join('\n'),
    );
  const sources = await orSilent(() => findSnapshotsOfPlan(console.clients(plan.primary.region).ec2, plan.name));
  const servers = await findServersOfPlan(away.ec2, plan.name);
  const remains = {
    manifests,
    copies: byId(found),
    sources: sources === undefined ? undefined : byId(sources),
    servers,
  };
  return { remains, unread };
}

async function orSilent<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isTransient(error)) return undefined;
    throw error;
  }
}

function byId(snapshots: readonly SnapshotFacts[]): Map<string, SnapshotFacts> {
  return new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
}

async function readManifests(
  console: Console,
  plan: Plan,
  found: readonly SnapshotFacts[],
): Promise<{ manifests: KeptManifest[]; unread: string[] }> {
  const manifests: KeptManifest[] = [];
  const unread: string[] = [];
  for (const snapshot of found.filter(({ purpose }) => purpose === manifestPurpose)) {
    const read = await readOne(console, plan, snapshot);
    if (typeof read === 'string') unread.push(`manifest ${snapshot.id} of ${snapshot.operation ?? '?'}: ${read}`);
    else manifests.push(read);
  }
  return { manifests, unread };
}

/** The manifest, or why it cannot be used. What passes by itself is not a reason: the command is repeated. */
async function readOne(
  console: Console,
  { name, recovery }: Plan,
  { id, state, startedAt, operation }: SnapshotFacts,
): Promise<KeptManifest | string> {
  if (state !== 'completed') return `it is ${state}`;
  try {
    const manifest = await readManifest(console.clients(recovery.region).ebs, id);
    if (manifest.state.plan !== name || manifest.operation.id !== operation)
      return `it says of itself to be of ${manifest.operation.id} of plan ${manifest.state.plan}`;
    return { snapshot: id, keptAt: startedAt, manifest };
  } catch (error) {
    if (isTransient(error) || !(error instanceof Failure)) throw error;
    return error.message;
  }
}
