import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  type InstanceNetworkInterface,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { isOfServer } from '../../lib/domain/traffic.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { World, WorldServer } from '../../rehearsal/world.ts';
import { openPlan, openShop, outcomeOf, protectNow, setSchedules, shop, smallShop, synthesisMs } from './shop-stage.ts';

const home = shop.primary.region;
const away = shop.recovery.region;
const [front = '', frontAway = ''] = Object.entries(shop.recovery.subnets)[0] ?? [];
const [users = '', usersAway = ''] = Object.entries(shop.recovery.securityGroups)[0] ?? [];
const [back, backAway] = ['subnet-0a2000000000000bb', 'subnet-0b2000000000000bb'];
const [copies, copiesAway] = ['sg-0a2000000000000bb', 'sg-0b2000000000000bb'];
const elasticIp = 'eipalloc-0b10000000000000a';
const { automatic: _, ...failover } = shop.failover;
const { db } = shop.servers;
const original = db?.instance ?? '';

/** One server with three network interfaces in two subnets. */
const plan: Plan = {
  ...shop,
  name: 'netted',
  recovery: {
    ...shop.recovery,
    subnets: { [front]: frontAway, [back]: backAway },
    securityGroups: { [users]: usersAway, [copies]: copiesAway },
  },
  servers: { db: { ...db, elasticIp } as Plan['servers'][string] },
  traffic: shop.traffic.filter((record) => isOfServer(record, 'db')),
  failover,
};

const small = (server: string) => smallShop.servers[server] as WorldServer;
const world: World = {
  servers: {
    db: {
      ...small('db'),
      details: {
        moreInterfaces: [
          { subnet: back, securityGroups: [copies], description: 'replication', sourceDestCheck: false },
          { subnet: front, securityGroups: [copies, users], description: 'backup' },
        ],
      },
    },
  },
  events: [],
};

let stage: Stage;
const ec2 = (region: string) => new EC2Client(stage.cloud.clientConfig(region));
const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);

/** As AWS describes them, by device index. */
async function interfacesOf(region: string, id: string): Promise<InstanceNetworkInterface[]> {
  const Filters = [{ Name: 'instance-id', Values: [id] }];
  const { Reservations } = await settle(ec2(region).send(new DescribeInstancesCommand({ Filters })));
  const { NetworkInterfaces = [] } = Reservations?.[0]?.Instances?.[0] ?? {};
  return NetworkInterfaces.toSorted(
    (one, other) => (one.Attachment?.DeviceIndex ?? 0) - (other.Attachment?.DeviceIndex ?? 0),
  );
}

/** What of them a launch elsewhere has to give back. */
function carried(interfaces: readonly InstanceNetworkInterface[]) {
  return interfaces.map(({ Attachment, SubnetId, Groups = [], Description, SourceDestCheck, InterfaceType }) => ({
    index: Attachment?.DeviceIndex,
    subnet: SubnetId,
    groups: Groups.map(({ GroupId }) => GroupId),
    ...{ Description, SourceDestCheck, InterfaceType },
  }));
}

const stateOf = (region: string) => stage.cloud.services(region).ec2.state;
const addressOf = (name: string) => stage.cloud.services(away).route53.resolve(name, 'A')?.values[0];
const recovered = () => stage.workload.instanceIn(away, 'db') ?? '';

/** What was asked of EC2 that changes something, since a call. */
function changesSince(call: number): string[] {
  const later = stage.cloud.record.calls
    .slice(call)
    .filter(({ service }) => service === 'ec2' || service === 'route53');
  return later.map(({ operation }) => operation).filter((operation) => !/^(Describe|Get|List)/.test(operation));
}

async function refusedByPreflight(): Promise<string> {
  const before = stage.cloud.record.calls.length;
  const { status, error, message } = outcomeOf(await stage.run('failover'));
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'PreflightFailed' });
  expect(changesSince(before)).toEqual([]);
  return message;
}

describe('a server with three network interfaces in two subnets', () => {
  let before: Set<string>;
  let close: () => void;
  beforeAll(async () => {
    ({ stage, close } = await openPlan(plan, world, 41));
    before = new Set(inventory(stage));
    await setSchedules(stage, 'measure', 'DISABLED');
    await setSchedules(stage, 'protect', 'DISABLED');
  }, synthesisMs);
  afterAll(() => {
    expect(stage.cloud.notModelled).toEqual([]);
    close();
  });

  it('is not failed over where the plan maps one of them only in part, and all that is missing is told', async () => {
    const instance = stateOf(home).instances.get(original);
    if (instance === undefined) throw new Error('there is no database');
    const [first, second, third] = instance.interfaces;
    if (second === undefined || third === undefined) throw new Error('the database has three interfaces');
    const elsewhere = { ...second, subnetId: 'subnet-9', securityGroups: ['sg-9', copies] };
    const strange = { ...third, securityGroups: ['sg-8'] };
    stateOf(home).instances.set(original, { ...instance, interfaces: [first, elsewhere, strange] });
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    const message = await refusedByPreflight();
    expect(message).toContain('recovery.subnets maps no subnet for subnet-9 of interface 1 of server db');
    expect(message).toContain('recovery.securityGroups maps no group for sg-9 of interface 1 of server db');
    expect(message).toContain('recovery.securityGroups maps no group for sg-8 of interface 2 of server db');
    stateOf(home).instances.set(original, instance);
  });

  it('is not failed over into two zones, or where one of its subnets is full', async () => {
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    const subnet = stateOf(away).subnets.get(backAway);
    if (subnet === undefined) throw new Error('there is no second subnet');
    stateOf(away).subnets.set(backAway, { ...subnet, zone: `${away}b`, addressesMax: 0 });
    const message = await refusedByPreflight();
    expect(message).toContain(
      `the subnets of server db lie in several zones, map them into one: ${frontAway} in ${away}a, ${backAway} in ${away}b`,
    );
    expect(message).toContain(`subnet ${backAway} has 0 free addresses, 1 are needed`);
    stateOf(away).subnets.set(backAway, subnet);
  });

  /** What a failover would say of the Elastic IP, and do all the same. */
  async function warnedOfAddress(): Promise<string[]> {
    const looked = await stage.run('failover', { plan: plan.name, dryRun: true });
    expect(outcomeOf(looked)).toMatchObject({ status: 'SUCCEEDED' });
    const operation = await settle(stage.catalogue.operation(plan.name, `failover-${looked.name}`));
    return (operation?.warnings ?? []).filter((warning) => warning.startsWith('Elastic IP'));
  }

  it('is not failed over without the Elastic IP that is prepared for it; that something else has it is said', async () => {
    const { addresses } = stateOf(away);
    const address = addresses.get(elasticIp);
    if (address === undefined) throw new Error('an address is prepared');
    addresses.delete(elasticIp);
    expect(await refusedByPreflight()).toContain(`Elastic IP ${elasticIp} of server db does not exist in ${away}`);
    addresses.set(elasticIp, { ...address, interfaceId: 'eni-0ba5710000000000a' });
    expect(await warnedOfAddress()).toEqual([
      `Elastic IP ${elasticIp} of server db is in use by eni-0ba5710000000000a: a failover takes it from there`,
    ]);
    addresses.set(elasticIp, address);
    expect(await warnedOfAddress()).toEqual([]);
  });

  it('leaves no interface when its failover is undone', async () => {
    stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', times: 1 });
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    await stage.clock.advance(180_000);
    const { NetworkInterfaces } = await settle(ec2(away).send(new DescribeNetworkInterfacesCommand({})));
    expect(NetworkInterfaces).toEqual([]);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('is launched with all of them, once, though answers are lost', async () => {
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    for (const operation of ['RunInstances', 'ModifyNetworkInterfaceAttribute', 'AssociateAddress'])
      stage.cloud.faults.add({ kind: 'answer-lost', operation, times: 1 });
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(stage.cloud.faults.unmet).toEqual([]);
    const there = await interfacesOf(away, recovered());
    const mapped = new Map([...Object.entries(plan.recovery.subnets), ...Object.entries(plan.recovery.securityGroups)]);
    const asAtHome = carried(await interfacesOf(home, original)).map(({ subnet = '', groups, ...same }) => ({
      ...same,
      subnet: mapped.get(subnet),
      groups: groups.map((group = '') => mapped.get(group)),
    }));
    expect(carried(there)).toEqual(asAtHome);
    expect(carried(there).map(({ SourceDestCheck }) => SourceDestCheck)).toEqual([true, false, true]);
    expect(there.map(({ Attachment }) => Attachment?.DeleteOnTermination)).toEqual([true, true, true]);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('has the prepared Elastic IP and the record of its name at the first of them', async () => {
    const [first] = await interfacesOf(away, recovered());
    const { Addresses } = await settle(ec2(away).send(new DescribeAddressesCommand({ AllocationIds: [elasticIp] })));
    expect(Addresses?.[0]).toMatchObject({
      InstanceId: recovered(),
      NetworkInterfaceId: first?.NetworkInterfaceId,
      PrivateIpAddress: first?.PrivateIpAddress,
    });
    expect(addressOf('db.shop.example.com')).toBe(first?.PrivateIpAddress);
  });

  it('has interfaces that say whose they are, and tells what they lack', async () => {
    const Filters = [{ Name: 'attachment.instance-id', Values: [recovered()] }];
    const { NetworkInterfaces = [] } = await settle(ec2(away).send(new DescribeNetworkInterfacesCommand({ Filters })));
    expect(NetworkInterfaces).toHaveLength(3);
    for (const { TagSet } of NetworkInterfaces)
      expect(TagSet).toEqual(
        expect.arrayContaining([
          { Key: 'homeward:plan', Value: 'netted' },
          { Key: 'homeward:purpose', Value: 'recovered-server' },
        ]),
      );
    const [point] = (await settle(stage.catalogue.points('netted'))).slice(-1);
    expect(point?.servers['db']?.configuration.settings?.notCarried).toEqual([
      'that it is outlived by network interface 1, 2',
    ]);
  });

  it('comes home to its own', async () => {
    const own = ({ NetworkInterfaceId, PrivateIpAddress }: InstanceNetworkInterface) => [
      NetworkInterfaceId,
      PrivateIpAddress,
    ];
    const [left, settings] = [await interfacesOf(home, original), carried(await interfacesOf(home, original))];
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const there = await interfacesOf(home, original);
    expect(there.map(own)).toEqual(left.map(own));
    expect(carried(there)).toEqual(settings);
    await stage.clock.advance(60_000);
    expect(addressOf('db.shop.example.com')).toBe(there[0]?.PrivateIpAddress);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
    // The server that it was launched as keeps the address, and the next failover may take it from there.
    expect(stateOf(away).addresses.get(elasticIp)?.instanceId).toBeDefined();
    expect(await warnedOfAddress()).toEqual([]);
    // Nobody waits for AWS to say whose server it is for longer than for all else that a failover can do without.
    const slow = { operation: 'DescribeInstances', caller: 'FailoverPreflight', times: 100 };
    stage.cloud.faults.add({ kind: 'answer-late', ...slow });
    expect(await warnedOfAddress()).toEqual([
      expect.stringContaining('Elastic IPs could not be looked at: Cannot describe instances: AWS answered AbortError'),
    ]);
  });
});

it('a server with two network interfaces and a record at its public address needs a prepared Elastic IP', async () => {
  const web = { ...small('web'), details: { moreInterfaces: [{ subnet: front }] } };
  stage = await openShop(42, { ...smallShop, servers: { ...smallShop.servers, web } });
  try {
    const id = shop.servers['web']?.instance ?? '';
    const [first] = await interfacesOf(home, id);
    const AllocationId = stage.cloud.services(home).ec2.addElasticIp();
    const NetworkInterfaceId = first?.NetworkInterfaceId ?? '';
    await settle(ec2(home).send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId })));
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refusedByPreflight()).toContain(
      'server web has 2 network interfaces, so AWS gives it no public address, which it needs for shop.example.com: prepare an Elastic IP as servers.web.elasticIp',
    );
  } finally {
    stage.close();
  }
});
