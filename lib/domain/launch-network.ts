import type { LaunchConfiguration, NetworkInterface } from './launch-configuration.ts';
import type { Plan } from './plan.ts';
import { isOfServer, recordsOf } from './traffic.ts';

/** A network interface as it is asked for in the recovery Region. */
export interface LaunchInterface {
  readonly deviceIndex: number;
  readonly subnet: string;
  readonly securityGroups: readonly string[];
  readonly description: string;
  readonly isSourceDestChecked: boolean;
}

/** The interfaces of a server as the plan maps them, and what it does not map, in words for people. */
export interface LaunchNetwork {
  readonly interfaces: readonly LaunchInterface[];
  readonly unmapped: readonly string[];
}

type Captured = Pick<
  NetworkInterface,
  'deviceIndex' | 'subnet' | 'securityGroups' | 'description' | 'isSourceDestChecked'
>;

/** The interfaces of a server by device index. What is the only one, or is of an older point, stands in the configuration itself. */
export function capturedInterfaces({ subnet, securityGroups, settings }: LaunchConfiguration): readonly Captured[] {
  const { interfaces = [], isSourceDestChecked = true } = settings ?? {};
  if (interfaces.length < 2) return [{ deviceIndex: 0, subnet, securityGroups, isSourceDestChecked }];
  return interfaces.toSorted((one, other) => one.deviceIndex - other.deviceIndex);
}

/** Leads subnet and security groups of each interface of a server into the recovery Region. */
export function mapNetwork(
  server: string,
  configuration: LaunchConfiguration,
  { subnets, securityGroups }: Pick<Plan['recovery'], 'subnets' | 'securityGroups'>,
): LaunchNetwork {
  const captured = capturedInterfaces(configuration);
  const interfaces: LaunchInterface[] = [];
  const unmapped: string[] = [];
  for (const each of captured) {
    const { deviceIndex, subnet: at, securityGroups: groups, description = '', isSourceDestChecked = true } = each;
    const of = captured.length > 1 ? `interface ${deviceIndex} of server ${server}` : `server ${server}`;
    const subnet = subnets[at];
    const mapped = groups.map((group) => securityGroups[group]).filter((group) => group !== undefined);
    const missing = groups.filter((group) => securityGroups[group] === undefined);
    if (subnet === undefined) unmapped.push(`recovery.subnets maps no subnet for ${at} of ${of}`);
    unmapped.push(...missing.map((group) => `recovery.securityGroups maps no group for ${group} of ${of}`));
    if (subnet !== undefined)
      interfaces.push({ deviceIndex, subnet, securityGroups: mapped, description, isSourceDestChecked });
  }
  return { interfaces, unmapped };
}

/** What there is in the recovery Region of that to which the plan leads. */
export interface Surroundings {
  readonly subnets: readonly {
    readonly id: string;
    readonly zone: string;
    readonly vpc: string;
    readonly freeAddresses: number;
  }[];
  readonly groups: readonly { readonly id: string; readonly vpc: string }[];
}

/** The interfaces of each server, by its name. */
export type Networks = ReadonlyMap<string, readonly LaunchInterface[]>;

/**
 * Why AWS would not launch the servers into what there is, in words for people; empty when it would. An instance has all its interfaces
 * in one zone and, at its launch, in one VPC. @source EC2 guide, elastic network interfaces; aws-facts [3.7]
 */
export function placementFindings(networks: Networks, { subnets, groups }: Surroundings): string[] {
  const findings: string[] = [];
  for (const [server, interfaces] of networks) {
    const used = subnets.filter(({ id }) => interfaces.some(({ subnet }) => subnet === id));
    const listed = (of: 'zone' | 'vpc') => used.map((subnet) => `${subnet.id} in ${subnet[of]}`).join(', ');
    if (new Set(used.map(({ zone }) => zone)).size > 1)
      findings.push(`the subnets of server ${server} lie in several zones, map them into one: ${listed('zone')}`);
    if (new Set(used.map(({ vpc }) => vpc)).size > 1)
      findings.push(`the subnets of server ${server} lie in several VPCs, map them into one: ${listed('vpc')}`);
    for (const { subnet, securityGroups } of interfaces) {
      const vpc = used.find(({ id }) => id === subnet)?.vpc;
      const strange = groups.filter(
        (group) => securityGroups.includes(group.id) && vpc !== undefined && group.vpc !== vpc,
      );
      for (const group of strange)
        findings.push(`${group.id} in ${group.vpc} is no security group for ${subnet} in ${vpc}, of server ${server}`);
    }
  }
  return [...new Set(findings)];
}

/**
 * Servers that need a public address and would have none: AWS gives none to an instance with several interfaces, so it must be elastic.
 * @source EC2 guide, instance IP addressing
 */
export function publicAddressFindings(
  networks: Networks,
  { servers, traffic, probes }: Plan,
  isDrill = false,
): string[] {
  return [...networks].flatMap(([server, { length }]) => {
    const { elasticIp, health } = servers[server] ?? {};
    if (length < 2 || elasticIp !== undefined) return [];
    const records = publicRecordsOf(server, traffic);
    const isProbedOutside =
      !isDrill && probes === undefined && (health?.tcp !== undefined || health?.http !== undefined);
    const needs = [...records, ...(isProbedOutside ? ['its probe from outside'] : [])];
    if (needs.length === 0) return [];
    const elastic = `prepare an Elastic IP as servers.${server}.elasticIp`;
    const remedy = records.length > 0 ? elastic : 'let it be probed inside its network (probes)';
    return [
      `server ${server} has ${length} network interfaces, so AWS gives it no public address, which it needs for ${needs.join(', ')}: ${remedy}`,
    ];
  });
}

/** Every subnet to which servers may be recovered. */
export function recoverySubnets({
  subnets,
  fallback,
}: {
  readonly subnets: Readonly<Record<string, string>>;
  readonly fallback?: { readonly subnets: Readonly<Record<string, readonly string[]>> } | undefined;
}): string[] {
  return [...new Set([...Object.values(subnets), ...Object.values(fallback?.subnets ?? {}).flat()])];
}

/** Names of the records that lead to the public address of a server. */
export function publicRecordsOf(server: string, traffic: Plan['traffic']): string[] {
  return recordsOf({ traffic })
    .filter((record) => isOfServer(record, server) && 'address' in record && record.address === 'public')
    .map(({ name }) => name);
}
