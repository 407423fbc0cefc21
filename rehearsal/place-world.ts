import type { _InstanceType } from '@aws-sdk/client-ec2';
import { capacityOf, reservationsOf } from '../lib/domain/capacity.ts';
import { namedKeys } from '../lib/domain/key.ts';
import { memberOf } from '../lib/domain/members.ts';
import type { Plan, TrafficRecord } from '../lib/domain/plan.ts';
import type { SimulatedCloud } from '../sim/create-cloud.ts';
import type { ZoneRecord } from '../sim/route53/record-set.ts';
import type { Route53 } from '../sim/route53/route53.ts';
import type { World, WorldServer } from './world.ts';

const blockBytes = 524_288;

type Addresses = ReadonlyMap<string, { readonly public: string | undefined; readonly private: string }>;

/** Everything that the plan names, as it was before Homeward: networks, keys, addresses, running servers with real bytes, records. */
export function placeWorld(cloud: SimulatedCloud, plan: Plan, world: World): void {
  placeNetworks(cloud, plan);
  const recovery = cloud.services(plan.recovery.region).ec2;
  for (const key of namedKeys(plan.recovery)) recovery.addKey(key);
  for (const id of plan.failover.isolationGroups ?? [])
    cloud.services(plan.primary.region).ec2.addSecurityGroup({ id, isClosed: true });
  for (const { elasticIp } of Object.values(plan.servers))
    if (elasticIp !== undefined) recovery.addElasticIp({ id: elasticIp });
  placeReservations(cloud, plan, world);
  const primaryKey = cloud.services(plan.primary.region).ec2.addKey();
  const addresses = new Map<string, { public: string | undefined; private: string }>();
  for (const [name, server] of Object.entries(world.servers))
    addresses.set(name, placeServer(cloud, plan, { name, server, key: primaryKey }));
  placeRecords(cloud, plan, { addresses, privateZones: world.privateZones ?? [] });
  const keyNames = Object.values(world.servers).flatMap(({ details }) => details?.keyName ?? []);
  for (const keyName of new Set(keyNames)) recovery.addKeyPair(keyName);
}

/** The subnet of the recovery Region that a server is launched into, where there is room for it. */
const placeOf = (server: WorldServer, { recovery }: Plan) => Object.values(recovery.subnets)[server.subnet ?? 0] ?? '';

/** Each reservation that the plan names has room for those of its servers that are of the type, and where, the first of them is. */
function placeReservations(cloud: SimulatedCloud, plan: Plan, world: World): void {
  const { ec2 } = cloud.services(plan.recovery.region);
  for (const id of reservationsOf(plan)) {
    const users = Object.entries(world.servers).flatMap(([name, server]) =>
      capacityOf(plan, name) === id ? [server] : [],
    );
    const [first] = users;
    if (first === undefined) continue;
    const isAlike = (server: WorldServer) =>
      server.instanceType === first.instanceType && placeOf(server, plan) === placeOf(first, plan);
    ec2.addCapacityReservation({
      id,
      instanceType: first.instanceType as _InstanceType,
      zone: ec2.state.subnets.get(placeOf(first, plan))?.zone ?? '',
      instanceCount: users.filter(isAlike).length,
    });
  }
}

/** What a plan without probes, drills and prepared addresses names in its recovery Region, where its servers are there already. */
export function placeRecovery(cloud: SimulatedCloud, { recovery }: Plan): void {
  const { ec2 } = cloud.services(recovery.region);
  for (const key of namedKeys(recovery)) ec2.addKey(key);
  for (const [index, id] of Object.values(recovery.subnets).entries())
    ec2.addSubnet({ id, cidr: `10.${rangeBeside}.${index}.0/24`, assignsPublicIp: true });
  for (const id of Object.values(recovery.securityGroups)) ec2.addSecurityGroup({ id });
}

/** The first range behind those of {@link placeNetworks}. */
const rangeBeside = 4;

/** Different address ranges, as two Regions that can ever be connected have. */
function placeNetworks(cloud: SimulatedCloud, plan: Plan): void {
  const { primary, recovery, failback, probes, drill } = plan;
  const elsewhere = Object.values(recovery.fallback?.subnets ?? {}).flat();
  const newPlaces = Object.values(failback.newServers?.subnets ?? {});
  const networks = [
    {
      ec2: cloud.services(primary.region).ec2,
      subnets: Object.keys(recovery.subnets),
      groups: Object.keys(recovery.securityGroups),
    },
    {
      ec2: cloud.services(recovery.region).ec2,
      subnets: [...Object.values(recovery.subnets), ...(probes?.subnets ?? []), ...elsewhere],
      groups: [...Object.values(recovery.securityGroups), ...(probes?.securityGroups ?? [])],
    },
    {
      ec2: cloud.services(recovery.region).ec2,
      vpc: 'vpc-drill',
      subnets: [...Object.values(drill?.subnets ?? {}), ...(drill?.probes?.subnets ?? [])],
      groups: [...Object.values(drill?.securityGroups ?? {}), ...(drill?.probes?.securityGroups ?? [])],
    },
    {
      ec2: cloud.services(primary.region).ec2,
      vpc: 'vpc-drill',
      subnets: Object.values(failback.drill?.subnets ?? {}),
      groups: Object.values(failback.drill?.securityGroups ?? {}),
    },
  ];
  for (const [range, { ec2, subnets, groups, vpc = 'vpc-0' }] of networks.entries()) {
    for (const [index, id] of [...new Set(subnets)].entries())
      ec2.addSubnet({
        id,
        vpc,
        ...(elsewhere.includes(id) ? { zone: zoneOfPlace(recovery.region, recovery.fallback, id) } : {}),
        ...(newPlaces.includes(id) ? { zone: `${primary.region}b` } : {}),
        cidr: `10.${range}.${index}.0/24`,
        assignsPublicIp: true,
      });
    for (const id of new Set(groups)) ec2.addSecurityGroup({ id, vpc });
  }
}

/** The first place of each subnet that stands in for another is the Region's second zone, the next one the third. */
function zoneOfPlace(region: string, fallback: Plan['recovery']['fallback'], subnet: string): string {
  const place = Object.values(fallback?.subnets ?? {})
    .map((others) => others.indexOf(subnet))
    .find((index) => index >= 0);
  return `${region}${'bcdef'[place ?? 0] ?? 'b'}`;
}

interface Placing {
  readonly name: string;
  readonly server: WorldServer;
  readonly key: string;
}

/** A server that listens where the plan probes it; the bytes of its volumes come from the cloud's seed. */
function placeServer(cloud: SimulatedCloud, plan: Plan, { name, server, key }: Placing) {
  const { ec2 } = cloud.services(plan.primary.region);
  const planned = plan.servers[name];
  if (planned === undefined) throw new Error(`plan ${plan.name} has no server ${name}`);
  const { tcp, http } = planned.health;
  const [rootDevice = '/dev/xvda'] = Object.keys(server.volumes);
  const { tags, ...details } = server.details ?? {};
  const placed = ec2.addInstance({
    ...details,
    id: planned.instance,
    instanceType: server.instanceType,
    subnet: Object.keys(plan.recovery.subnets)[server.subnet ?? 0] ?? '',
    securityGroups: Object.keys(plan.recovery.securityGroups).slice(0, 1),
    rootDevice,
    listens: [tcp, http?.port].filter((port) => port !== undefined),
    ...(http === undefined ? {} : { healthPath: http.path }),
    tags: { ...plan.groups[memberOf(name)?.group ?? '']?.tags, Name: name, ...tags },
    volumes: Object.entries(server.volumes).map(([device, { sizeGib, volumeType, isEncrypted }]) => ({
      device,
      sizeGib,
      volumeType,
      ...(isEncrypted ? { key } : {}),
    })),
  });
  for (const [device, { writtenBlocks }] of Object.entries(server.volumes)) {
    const random = cloud.random.fork(`world ${name} ${device}`);
    for (let index = 1; index <= writtenBlocks; index += 1)
      ec2.writeBlocks(placed.volumes[device] ?? '', index, random.bytes(blockBytes));
  }
  return { public: placed.publicIp, private: placed.privateIp };
}

function placeRecords(
  cloud: SimulatedCloud,
  plan: Plan,
  { addresses, privateZones }: { readonly addresses: Addresses; readonly privateZones: readonly string[] },
): void {
  const { route53, recoverycluster } = cloud.services(plan.recovery.region);
  for (const entry of plan.traffic) {
    if (!('routingControls' in entry)) continue;
    const { primary, recovery } = entry.routingControls;
    recoverycluster.addCluster(entry.endpoints, {
      ...(primary === undefined ? {} : { [primary]: 'On' }),
      ...(recovery === undefined ? {} : { [recovery]: 'Off' }),
    });
  }
  const records = plan.traffic.filter((record) => 'zone' in record);
  for (const id of new Set(records.map(({ zone }) => zone))) {
    const ofZone = records.filter(({ zone }) => zone === id);
    route53.addZone({ id, name: commonDomain(ofZone.map(({ name }) => name)), private: privateZones.includes(id) });
    for (const record of ofZone) placeRecord(route53, record, addresses);
  }
}

const ttlSecondsOfSets = 60;

/** Failover pairs, as their owner makes them once the stack is there and its health check known. */
export function placePairs(cloud: SimulatedCloud, plan: Plan, healthCheck: string): void {
  const { route53 } = cloud.services(plan.recovery.region);
  for (const record of plan.traffic) {
    if (!('failover' in record)) continue;
    const { zone, name, type, failover } = record;
    const of = { name, type, ttlSeconds: ttlSecondsOfSets };
    const role = (of: 'PRIMARY' | 'SECONDARY') => ({ routing: { policy: 'failover', role: of } as const });
    route53.setRecord(zone, { ...of, ...role('PRIMARY'), set: failover.primary, values: ['192.0.2.20'], healthCheck });
    route53.setRecord(zone, { ...of, ...role('SECONDARY'), set: failover.recovery, values: ['198.51.100.20'] });
  }
}

/** A record as it leads home. Of a set whose policy the plan does not say it is one by weight, beside one that gets nothing. */
function placeRecord(route53: Route53, record: TrafficRecord, addresses: Addresses): void {
  if ('failover' in record) return;
  const { zone, name, type } = record;
  const place = (more: Partial<ZoneRecord>) => route53.setRecord(zone, { name, type, values: [], ...more });
  const weighted = (set: string, weight: number) => ({ set, routing: { policy: 'weighted', weight } as const });
  if ('weighted' in record) {
    for (const [site, set] of Object.entries(record.weighted))
      place({ ...weighted(set, site === 'primary' ? 100 : 0), ttlSeconds: ttlSecondsOfSets, values: ['192.0.2.1'] });
    return;
  }
  const of = record.set === undefined ? {} : weighted(record.set, 100);
  const { ttlSeconds = ttlSecondsOfSets } = record;
  if ('alias' in record) {
    route53.addLoadBalancer({ ...record.alias.primary, addresses: ['192.0.2.80', '2001:db8:1::80'] });
    route53.addLoadBalancer({ ...record.alias.recovery, addresses: ['198.51.100.80', '2001:db8:2::80'] });
    place({ ...of, alias: { ...record.alias.primary, evaluatesHealth: true } });
    return;
  }
  const address = 'server' in record ? addresses.get(record.server)?.[record.address] : undefined;
  const values = 'values' in record ? record.values.primary : [address].filter((value) => value !== undefined);
  if (values.length > 0) place({ ...of, ttlSeconds, values });
}

/** The longest domain that all names are below of, or are. */
function commonDomain(names: readonly string[]): string {
  const labels = names.map((name) => name.replace(/\.$/, '').split('.').toReversed());
  const [first = []] = labels;
  const differsAt = first.findIndex((label, index) => labels.some((each) => each[index] !== label));
  return first
    .slice(0, differsAt === -1 ? first.length : differsAt)
    .toReversed()
    .join('.');
}
