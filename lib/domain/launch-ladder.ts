import type { LaunchConfiguration } from './launch-configuration.ts';
import type { LaunchInterface } from './launch-network.ts';
import type { Plan } from './plan.ts';

/** One way to launch a server: of which type, and where. */
export interface Rung {
  readonly instanceType: string;
  readonly interfaces: readonly LaunchInterface[];
}

/** The types as which a server may be launched, the best first: its own, then those that the plan allows in its place. */
export function typesOf(instanceType: string, { fallback }: Pick<Plan['recovery'], 'fallback'>): string[] {
  return [instanceType, ...(fallback?.instanceTypes[instanceType] ?? [])];
}

/**
 * The ways to launch a server, the best first: its own type where the plan maps it, then in the other places, then each other type in the same order.
 * A place is one for all interfaces. @source aws-facts [3.4]
 */
export function rungsOf(
  instanceType: string,
  interfaces: readonly LaunchInterface[],
  recovery: Pick<Plan['recovery'], 'fallback'>,
): Rung[] {
  const places = [interfaces, ...otherPlaces(interfaces, recovery.fallback?.subnets ?? {})];
  return typesOf(instanceType, recovery).flatMap((type) =>
    places.map((place) => ({ instanceType: type, interfaces: place })),
  );
}

/** The second place of each interface, the third of each, as far as all of them have one. */
function otherPlaces(
  interfaces: readonly LaunchInterface[],
  subnets: Readonly<Record<string, readonly string[]>>,
): LaunchInterface[][] {
  const others = interfaces.map(({ subnet }) => subnets[subnet] ?? []);
  const count = Math.min(...others.map(({ length }) => length));
  return Array.from({ length: count }, (_, place) =>
    interfaces.map((each, index) => ({ ...each, subnet: others[index]?.[place] ?? each.subnet })),
  );
}

/** In words for people: `t3.medium in subnet-0b1`. */
export function rungLine({ instanceType, interfaces }: Rung): string {
  return `${instanceType} in ${[...new Set(interfaces.map(({ subnet }) => subnet))].join(', ')}`;
}

/** A configuration for another type: without what was set for the server's own alone, and which of that there was. */
export function ofType(
  configuration: LaunchConfiguration,
  instanceType: string,
): { readonly configuration: LaunchConfiguration; readonly left: readonly string[] } {
  const { settings } = configuration;
  if (instanceType === configuration.instanceType) return { configuration, left: [] };
  if (settings === undefined) return { configuration: { ...configuration, instanceType }, left: [] };
  const { cpu, cpuCredits, bandwidthWeighting } = settings;
  const left = [
    ...(cpu === null ? [] : ['CPU options']),
    ...(cpuCredits === null ? [] : ['CPU credits']),
    ...(bandwidthWeighting === null ? [] : ['bandwidth weighting']),
  ];
  const common = { ...settings, cpu: null, cpuCredits: null, bandwidthWeighting: null };
  return { configuration: { ...configuration, instanceType, settings: common }, left };
}

/** Of a server: where it cannot be launched at all, and where only some way of its ladder leads nowhere. In words for people. */
export interface LadderFindings {
  readonly blocking: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * What the ladders of servers come to in what there is.
 * @param ladders of servers whose own subnets exist
 * @param zoneOf zone of each subnet that exists
 * @param zonesOf zones that have each type
 */
export function ladderFindings(
  ladders: ReadonlyMap<string, readonly Rung[]>,
  zoneOf: ReadonlyMap<string, string>,
  zonesOf: ReadonlyMap<string, ReadonlySet<string>>,
): LadderFindings {
  const blocking: string[] = [];
  const warnings: string[] = [];
  for (const [server, rungs] of ladders) {
    const whys = rungs.map((rung) => whyNot(rung, zoneOf, zonesOf));
    const wrong = whys.filter((why) => why !== undefined);
    if (wrong.length === rungs.length) blocking.push(`server ${server} can be launched nowhere: ${wrong.join(', ')}`);
    else warnings.push(...wrong.map((why) => `server ${server} cannot fall back so: ${why}`));
  }
  return { blocking, warnings };
}

/** Why a way leads nowhere, whether or not there is room, in words for people. */
export function whyNot(
  rung: Rung,
  zoneOf: ReadonlyMap<string, string>,
  zonesOf: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const gone = rung.interfaces.find(({ subnet }) => !zoneOf.has(subnet));
  if (gone !== undefined) return `${gone.subnet} does not exist`;
  const zone = zoneOf.get(rung.interfaces[0]?.subnet ?? '') ?? '';
  if (zonesOf.get(rung.instanceType)?.has(zone) === true) return undefined;
  return `${rung.instanceType} is not offered in ${zone}`;
}
