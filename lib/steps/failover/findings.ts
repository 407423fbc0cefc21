import { ec2Client } from '../../aws/clients.ts';
import { zonesOffering } from '../../aws/instances.ts';
import { describeSecurityGroups, describeSubnets } from '../../aws/network.ts';
import { findSnapshotsOfPlan } from '../../aws/snapshots.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { capacityOf, reservationFindings, reservationIn, type Reserving } from '../../domain/capacity.ts';
import { type Launching, pointOfServer } from '../../domain/choice.ts';
import { isHomeDrill } from '../../domain/drill.ts';
import { keyFindings } from '../../domain/key.ts';
import { type LadderFindings, ladderFindings, type Rung, rungsOf } from '../../domain/launch-ladder.ts';
import { nameFindings } from '../../domain/launch-names.ts';
import { mapNetwork, placementFindings, publicAddressFindings, recoverySubnets } from '../../domain/launch-network.ts';
import { roomFindings } from '../../domain/launch-room.ts';
import { unfencedWarnings } from '../../domain/fence.ts';
import { isMissing, isOptional } from '../../domain/left-out.ts';
import type { Plan } from '../../domain/plan.ts';
import { addressFindings } from '../../domain/prepared-addresses.ts';
import { imagesOf } from '../operation/images.ts';
import type { Services } from '../services.ts';
import { trafficFindings } from '../traffic/findings.ts';
import { type Around, configurationsOf, type Copies, copyKeysOf, lookAround } from './around.ts';
import type { IsolationFindings } from './isolation.ts';
import type { QuotaFindings } from './quotas.ts';

/** What would be launched. */
export interface Launch {
  /** With the members of its groups; of a drill, with the drill's network. */
  readonly plan: Plan;
  readonly from: Launching & Partial<Pick<Operation, 'extent' | 'leftOut'>>;
  readonly isDrill: boolean;
}

/**
 * `short`: quotas that are too small. Nobody knows what is asked for and given, or ended, before the launch comes to it: it waits for room.
 * `unseen`: what a failover can do without knowing, and AWS did not answer.
 */
export interface Findings extends LadderFindings, QuotaFindings, IsolationFindings {}

/**
 * Everything that would stop a launch later, and what may, all at once: of servers that are optional it only may, unless what would be launched is not what it
 * should be, or not where. Reads only, and only the
 * recovery Region and the records; of the primary the groups that a plan isolates by, while it answers.
 */
export async function findingsOf(services: Services, launch: Launch): Promise<Findings> {
  const { plan } = launch;
  const images = await imagesOf(services, { plan: plan.name, ...launch.from });
  const snapshots = await findSnapshotsOfPlan(services.client(ec2Client, plan.recovery.region), plan.name);
  const traffic = await trafficFindings(services, plan);
  const { short, unfenceable, unseen, ...around } = await lookAround(services, launch, { images, snapshots });
  const all = await launchFindings(services, launch, { images, snapshots, ...around });
  const unfenced = launch.isDrill ? [] : unfencedWarnings(plan);
  const required = Object.entries(plan.servers).filter(([server]) => !isOptional(plan, server));
  if (required.length === Object.keys(plan.servers).length)
    return {
      blocking: [...all.blocking, ...traffic.blocking],
      warnings: [...all.warnings, ...traffic.warnings, ...unfenced],
      ...{ short, unfenceable, unseen },
    };
  const without = { ...launch, plan: { ...plan, servers: Object.fromEntries(required) } };
  const kept = new Map([...images].filter(([server]) => !isOptional(plan, server)));
  const { blocking } = await launchFindings(services, without, { images: kept, snapshots, ...around });
  const standing = [...new Set([...blocking, ...all.always])];
  const left = all.blocking.filter((finding) => !standing.includes(finding));
  return {
    blocking: [...standing, ...traffic.blocking],
    warnings: [...left, ...all.warnings, ...traffic.warnings, ...unfenced],
    ...{ short, unfenceable, unseen },
  };
}

/** `always`: those of the blocking ones behind which no server may be launched, also none that is optional. */
interface LaunchFindings extends LadderFindings {
  readonly always: readonly string[];
}

type Found = Copies & Pick<Around, 'keys' | 'named' | 'addresses' | 'reservations'>;

async function launchFindings(
  services: Services,
  { plan, from, isDrill }: Launch,
  { images, snapshots, keys, named, addresses, reservations }: Found,
): Promise<LaunchFindings> {
  const network = await networkFindings(services, plan, { images, reservations }, isDrill);
  // What has come home since is of no point.
  const strange = isHomeDrill(from) ? [] : strangeFindings(from, { images, snapshots });
  const names = nameFindings(configurationsOf(images), plan.recovery.region, named);
  const prepared = addressFindings(plan, addresses);
  const copies = snapshotFindings(plan, from, { images, snapshots });
  const { ofCopies, ofPlan, unnamed } = keyFindings(copyKeysOf({ images, snapshots }), plan.recovery, keys);
  return {
    blocking: [...copies, ...strange, ...ofCopies, ...network.blocking, ...names, ...prepared.blocking],
    always: [...strange, ...network.always],
    warnings: [...ofPlan, ...unnamed, ...network.warnings, ...prepared.warnings],
  };
}

function snapshotFindings(plan: Plan, { leftOut = {} }: Launch['from'], { images, snapshots: all }: Copies): string[] {
  const copies = [...images.values()].flatMap(({ volumes }) => Object.values(volumes).map(({ copy }) => copy ?? ''));
  const found = new Map(all.map((snapshot) => [snapshot.id, snapshot]));
  const unusable = copies.filter((copy) => found.get(copy)?.state !== 'completed');
  const wanted = Object.keys(plan.servers).filter((server) => !isMissing({ leftOut }, server));
  const missing = wanted.filter((server) => !images.has(server));
  return [
    ...unusable.map((copy) => `snapshot ${copy} is ${found.get(copy)?.state ?? 'gone'}`),
    ...missing.map((server) => `the point has no image of server ${server}`),
  ];
}

/** The tags of the copies are a second witness of what the point holds: a volume that its item has lost would not be launched. */
function strangeFindings(operation: Launching, { images, snapshots: all }: Copies): string[] {
  const copies = [...images].flatMap(([server, { volumes }]) =>
    Object.values(volumes).map(({ copy }) => ({ copy: copy ?? '', point: pointOfServer(operation, server) })),
  );
  const found = new Map(all.map((snapshot) => [snapshot.id, snapshot]));
  const strange = copies.filter(({ copy, point }) => found.has(copy) && found.get(copy)?.point !== point);
  const lost = all.filter(
    ({ point, server = '', device = '' }) =>
      point === pointOfServer(operation, server) &&
      images.has(server) &&
      images.get(server)?.volumes[device] === undefined,
  );
  return [
    ...strange.map(({ copy }) => `snapshot ${copy} is of another point`),
    ...lost.map(
      ({ id, server, device }) => `the point has no volume ${device} of server ${server}, of which ${id} is a copy`,
    ),
  ];
}

/** A drill's subnet in a network to which servers are recovered is no network apart. */
async function besideProduction(
  services: Services,
  { name, primary, recovery: { region } }: Plan,
  drilled: readonly { readonly id: string; readonly vpc: string }[],
): Promise<string[]> {
  const { recovery } = services.plan(name);
  const isAtHome = region === primary.region;
  const real = isAtHome ? Object.keys(recovery.subnets) : recoverySubnets(recovery);
  const found = await describeSubnets(services.client(ec2Client, region), real);
  const vpcs = new Set(found.map(({ vpc }) => vpc));
  const use = isAtHome ? 'in which servers stand at home' : 'to which servers are recovered';
  return drilled
    .filter(({ vpc }) => vpcs.has(vpc))
    .map(({ id, vpc }) => `${id} is in ${vpc}, ${use}, and no place to drill in`);
}

async function networkFindings(
  services: Services,
  plan: Plan,
  { images, reservations }: Pick<Found, 'images' | 'reservations'>,
  isOfDrill: boolean,
): Promise<LaunchFindings> {
  const { region } = plan.recovery;
  const mapped = [...images].map(
    ([server, { configuration }]) => [server, mapNetwork(server, configuration, plan.recovery)] as const,
  );
  const networks = new Map(mapped.map(([server, { interfaces }]) => [server, interfaces]));
  const ladders = new Map(
    mapped.flatMap(([server, { interfaces, unmapped }]) => {
      if (unmapped.length > 0) return [];
      const { instanceType } = images.get(server)?.configuration ?? { instanceType: '' };
      return [[server, rungsOf(instanceType, interfaces, plan.recovery)] as const];
    }),
  );
  const rungs = [...ladders.values()].flat();
  const needed = [...networks.values()].flat();
  const wanted = {
    subnets: new Set(rungs.flatMap(({ interfaces }) => interfaces).map(({ subnet }) => subnet)),
    groups: new Set(needed.flatMap(({ securityGroups }) => securityGroups)),
  };
  const ec2 = services.client(ec2Client, region);
  const subnets = await describeSubnets(ec2, [...wanted.subnets]);
  const groups = await describeSecurityGroups(ec2, [...wanted.groups]);
  const known = new Set([...subnets, ...groups].map(({ id }) => id));
  const gone = [...needed.map(({ subnet }) => subnet), ...wanted.groups].filter((id) => !known.has(id));
  const nearby = isOfDrill ? await besideProduction(services, plan, subnets) : [];
  const zoneOf = new Map(subnets.map(({ id, zone }) => [id, zone]));
  const offered = await zonesOffering(ec2, [...new Set(rungs.map(({ instanceType }) => instanceType))]);
  const isPlaceable = ([, [first]]: readonly [string, readonly Rung[]]) =>
    first?.interfaces.every(({ subnet }) => zoneOf.has(subnet)) === true;
  const placeable = new Map([...ladders].filter(isPlaceable));
  const launching = ladderFindings(placeable, zoneOf, offered);
  const reserving = reservationFindings(reservingOf(plan, images, placeable), reservations, zoneOf);
  const room = roomFindings(placeable, subnets, offered);
  return {
    blocking: [
      ...mapped.flatMap(([, { unmapped }]) => unmapped),
      ...nearby,
      ...new Set(gone.map((id) => `${id} does not exist in ${region}`)),
      ...placementFindings(networks, { subnets, groups }),
      ...publicAddressFindings(networks, plan, isOfDrill),
      ...launching.blocking,
      ...room.blocking,
      ...reserving.blocking,
    ],
    always: nearby,
    warnings: [...launching.warnings, ...room.warnings, ...reserving.warnings],
  };
}

/** The servers that are to be launched into a Capacity Reservation. */
function reservingOf(
  plan: Plan,
  images: Copies['images'],
  ladders: ReadonlyMap<string, readonly Rung[]>,
): ReadonlyMap<string, Reserving> {
  const reserving = [...ladders].flatMap(([server, rungs]) => {
    const reservation = reservationIn(capacityOf(plan, server));
    const { configuration } = images.get(server) ?? {};
    if (reservation === undefined || configuration === undefined) return [];
    return [[server, { reservation, rungs, configuration }] as const];
  });
  return new Map(reserving);
}
