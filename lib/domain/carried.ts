import type { NetworkInterface } from './launch-configuration.ts';

/** Tags that AWS takes on one resource, less the seven that Homeward may set itself. @source EC2 guide, tag restrictions */
const tagsMax = 50 - 7;

function isOwn(key: string): boolean {
  return !key.startsWith('aws:') && !key.startsWith('homeward:');
}

/** The tags that a resource passes on to the one that takes its place: not those that AWS sets, and as many as there is room for. */
export function carriedTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags)
      .filter(([key]) => isOwn(key))
      .slice(0, tagsMax),
  );
}

/** What ties a server to its Region, or is told of it and cannot be asked for at a launch. @source aws-facts [3.7] */
export interface Ties {
  readonly placementGroup: string | null;
  readonly capacityReservation: string | null;
  /** License configurations of License Manager. */
  readonly licences: readonly string[];
  readonly answersAaaa: boolean;
  readonly isMigratedAtReboot: boolean;
  readonly interfaces: readonly NetworkInterface[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What a launch in the recovery Region cannot give back, in words for people; empty when it gives back everything. */
export function notCarriedOf(ties: Ties): string[] {
  const secondary = ties.interfaces.flatMap(({ secondaryAddresses }) => secondaryAddresses);
  const ipv6 = ties.interfaces.flatMap(({ ipv6Addresses }) => ipv6Addresses);
  const special = ties.interfaces.filter(({ type }) => type !== 'interface').map(({ type }) => type);
  const outliving = ties.interfaces.filter(({ deleteOnTermination }) => deleteOnTermination === false);
  const carried = carriedTags(ties.tags);
  const tags = Object.keys(ties.tags).filter((key) => isOwn(key) && carried[key] === undefined);
  const found: (readonly [applies: boolean, what: string])[] = [
    [ties.placementGroup !== null, `placement group ${ties.placementGroup}`],
    [ties.capacityReservation !== null, `capacity reservation ${ties.capacityReservation}`],
    [ties.licences.length > 0, `license configurations ${ties.licences.join(', ')}`],
    [secondary.length > 0, `secondary private addresses ${secondary.join(', ')}`],
    [ipv6.length > 0, `IPv6 addresses ${ipv6.join(', ')}`],
    [ties.answersAaaa, 'AAAA records of its resource name'],
    [!ties.isMigratedAtReboot, 'that it is not migrated at a reboot'],
    [special.length > 0, `network interface of type ${special.join(', ')}`],
    [
      outliving.length > 0,
      `that it is outlived by network interface ${outliving.map(({ deviceIndex }) => deviceIndex).join(', ')}`,
    ],
    [tags.length > 0, `tags ${tags.join(', ')}, of more than AWS takes beside those of Homeward`],
  ];
  return found.filter(([applies]) => applies).map(([, what]) => what);
}
