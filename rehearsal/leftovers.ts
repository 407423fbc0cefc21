import type { ResourceView } from '../sim/ec2/ec2.ts';
import type { Operation } from '../lib/domain/catalogue.ts';
import { tags as keys } from '../lib/names.ts';
import type { Stage } from './stage.ts';

/** Everything that exists in both Regions, as `<region> <kind> <id>`. */
export function inventory(stage: Stage): string[] {
  return everything(stage).map(({ name }) => name);
}

/**
 * What nobody answers for (I8): not there when the story began, and not named by the catalogue; or without the tags that say
 * whose it is. Kept until accept, and so no leftovers: what failbacks replaced, and the servers they stopped; after it, all of that is.
 */
export async function findLeftovers(stage: Stage, before: ReadonlySet<string>): Promise<string[]> {
  const owned = await namedByCatalogue(stage);
  const replaced = await acceptedVolumes(stage);
  return everything(stage)
    .filter(({ name, resource }) => !before.has(name) || replaced.has(resource.id))
    .filter(({ resource }) => !owned.has(resource.id) || !isTagged(resource))
    .map(({ name, resource }) => `${name} (${resource.tags[keys.purpose] ?? 'untagged'})`);
}

/** Volumes that were there when the story began, in whose place others are, and that somebody let go. */
async function acceptedVolumes({ catalogue, plan }: Stage): Promise<Set<string>> {
  const accepted = (await catalogue.operations(plan.name)).filter(({ acceptedAt }) => acceptedAt !== undefined);
  return new Set(accepted.flatMap(({ swapped }) => Object.values(swapped).map((swap) => swap.old)));
}

function everything(stage: Stage): { name: string; resource: ResourceView }[] {
  return stage.cloud.regions.flatMap((region) =>
    stage.cloud
      .services(region)
      .ec2.allResources()
      .filter(({ state }) => state !== 'terminated')
      .map((resource) => ({ name: `${region} ${resource.kind} ${resource.id}`, resource })),
  );
}

function isTagged({ tags }: ResourceView): boolean {
  return [keys.plan, keys.operation, keys.purpose].every((key) => tags[key] !== undefined);
}

async function namedByCatalogue(stage: Stage): Promise<Set<string>> {
  const { catalogue, plan, cloud } = stage;
  const operations = await catalogue.operations(plan.name);
  const points = await catalogue.points(plan.name);
  const twins = await catalogue.twins(plan.name);
  const running = operations.filter(({ outcome }) => outcome === 'running');
  const transfers = await Promise.all(running.map(({ id }) => catalogue.transfers(id)));
  const accepted = operations.filter(({ acceptedAt }) => acceptedAt !== undefined);
  const isAccepted = ({ id, kind, epoch }: Operation) =>
    accepted.some((home) => home.id === id || (kind === 'failover' && epoch < home.epoch));
  const final = operations.filter(({ committedAt, outcome }) => committedAt !== null || outcome === 'running');
  const committed = final.filter((operation) => !isAccepted(operation));
  // Of what was left out nothing may be left over.
  const servers = committed.flatMap((operation) =>
    Object.entries(operation.servers).flatMap(([name, server]) =>
      operation.leftOut[name]?.isRunning === false ? [] : [server],
    ),
  );
  const instances = servers.map(({ instance }) => instance);
  const attached = cloud.regions.flatMap((region) =>
    instances.flatMap((instance) => [
      ...cloud
        .services(region)
        .ec2.volumesOf(instance ?? '')
        .values(),
    ]),
  );
  const atHome = await standingAtHome(stage);
  const ids = [
    ...points.flatMap((point) => Object.values(point.servers)).flatMap(({ volumes }) => Object.values(volumes)),
  ].flatMap(({ snapshot, copy }) => [snapshot, copy]);
  const returned = cloud.regions
    .flatMap((region) => cloud.services(region).ec2.allResources())
    .filter(
      ({ tags }) =>
        tags[keys.purpose] === 'returned-primary' && committed.some(({ id }) => id === tags[keys.operation]),
    );
  const described = new Set([...points, ...twins].map(({ operation }) => operation).concat(final.map(({ id }) => id)));
  const manifests = cloud
    .services(plan.recovery.region)
    .ec2.allResources()
    .filter(({ tags }) => tags[keys.purpose] === 'manifest' && described.has(tags[keys.operation] ?? ''));
  return new Set(
    [
      ...ids,
      ...manifests.map(({ id }) => id),
      ...twins.flatMap(({ primarySnapshot, recoverySnapshot }) => [primarySnapshot, recoverySnapshot]),
      ...transfers.flat().map(({ target }) => target),
      ...instances,
      ...servers.map(({ image }) => image),
      ...attached,
      ...atHome,
      ...committed.flatMap(({ swapped }) => Object.values(swapped)).flatMap((swap) => [swap.old, swap.new]),
      ...returned.map(({ id }) => id),
      ...ofRounds(stage, operations),
    ].filter((id) => id !== null),
  );
}

/** The servers at home with their volumes, and what they were before they came home as other instances. */
async function standingAtHome({ catalogue, plan, cloud }: Stage): Promise<string[]> {
  const { homes = {} } = await catalogue.state(plan.name);
  const instances = [
    ...Object.values(plan.servers).map(({ instance }) => instance),
    ...Object.values(homes).flatMap(({ instance, formerly }) => [instance, ...formerly]),
  ];
  const { ec2 } = cloud.services(plan.primary.region);
  return instances.flatMap((instance) => [instance, ...ec2.volumesOf(instance).values()]);
}

/**
 * What a run left that was stopped, or that brought home what changed and failed, goes with the prune of the next protect run that ends well and finds both Regions; until then the newest snapshots
 * of what serves stay too, where the primary Region was silent.
 */
function ofRounds({ cloud }: Stage, operations: readonly Operation[]): string[] {
  const runs = operations.filter(({ kind }) => kind === 'protect').toSorted((a, b) => a.epoch - b.epoch);
  const isSilent = ({ extent, rounds }: Operation) => extent === 'reverse' && rounds.length === 0;
  const pruned = runs.findLast((run) => run.outcome === 'succeeded' && !isSilent(run));
  const since = runs.filter(({ epoch }) => epoch > (pruned?.epoch ?? 0));
  const newest = since.findLast((run) => run.outcome === 'succeeded' && isSilent(run));
  const isUnpruned = ({ outcome, extent, cause }: Operation) =>
    outcome === 'failed' && (extent === 'reverse' || cause?.includes('Its execution ') === true);
  const kept = new Set([...since.filter(isUnpruned), newest].map((run) => run?.id));
  const all = cloud.regions.flatMap((region) => cloud.services(region).ec2.allResources());
  return all.filter(({ tags }) => kept.has(tags[keys.operation] ?? '')).map(({ id }) => id);
}
