import { type LadderFindings, type Rung, whyNot } from './launch-ladder.ts';
import type { LaunchInterface, Surroundings } from './launch-network.ts';

type Subnets = Surroundings['subnets'];

/**
 * Whether the servers find addresses, one for each interface. Who finds none in its own place goes on to the next of its ladder, so that a full subnet is in the way only where a
 * server finds none in any place. The places that are best are given to those that have the fewest: a launch does not, and may meet a full subnet where this found room.
 * @param ladders of servers whose own subnets exist
 * @param zonesOf zones that have each type
 */
export function roomFindings(
  ladders: ReadonlyMap<string, readonly Rung[]>,
  subnets: Subnets,
  zonesOf: ReadonlyMap<string, ReadonlySet<string>>,
): LadderFindings {
  const zoneOf = new Map(subnets.map(({ id, zone }) => [id, zone]));
  const places = [...ladders.values()]
    .map((rungs) => placesOf(rungs.filter((rung) => whyNot(rung, zoneOf, zonesOf) === undefined)))
    .toSorted((one, other) => one.length - other.length);
  const left = new Map(subnets.map(({ id, freeAddresses }) => [id, freeAddresses]));
  const homeless = places.filter(([own]) => own !== undefined && !take(left, own));
  const placeless = homeless.filter(([, ...others]) => !others.some((place) => take(left, place)));
  const needed = count(places.flatMap(([own = []]) => own));
  const blocked = count(placeless.flatMap(([own = []]) => own));
  const short = subnets.filter(({ id, freeAddresses }) => freeAddresses < (needed.get(id) ?? 0));
  const line = ({ id, freeAddresses }: Subnets[number]) =>
    `subnet ${id} has ${freeAddresses} free addresses, ${needed.get(id)} are needed`;
  return {
    blocking: short.filter(({ id }) => blocked.has(id)).map(line),
    warnings: short
      .filter(({ id }) => !blocked.has(id))
      .map((subnet) => `${line(subnet)}: servers fall back to other subnets`),
  };
}

/** Subnets of the interfaces in each place of a ladder, each place once. */
function placesOf(rungs: readonly Rung[]): string[][] {
  const places = rungs.map(({ interfaces }) => interfaces.map(({ subnet }: LaunchInterface) => subnet));
  return [...new Map(places.map((place) => [place.join(), place])).values()];
}

/** Takes an address for each interface, where there are as many. */
function take(left: Map<string, number>, place: readonly string[]): boolean {
  const wanted = [...count(place)];
  if (wanted.some(([subnet, addresses]) => (left.get(subnet) ?? 0) < addresses)) return false;
  for (const [subnet, addresses] of wanted) left.set(subnet, (left.get(subnet) ?? 0) - addresses);
  return true;
}

function count(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
