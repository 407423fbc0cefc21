import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Plan, PlanServer } from '../../lib/domain/plan.ts';
import { tags } from '../../lib/names.ts';
import { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { Write } from '../../rehearsal/workload.ts';
import { changedIndexes } from '../../sim/blocks/content.ts';
import { outcomeOf, setSchedules, shop, smallShop, synthesisMs } from './shop-stage.ts';

const away = shop.recovery.region;
const third = 'eu-north-1';
const servers = Object.keys(shop.servers);

/** The plan that a person writes once production runs away from home: its primary Region is where that is, its servers are those that were launched there. */
function northward(instances: ReadonlyMap<string, string>): Plan {
  const [subnet = ''] = Object.values(shop.recovery.subnets);
  const [group = ''] = Object.values(shop.recovery.securityGroups);
  const { automatic: _, ...failover } = shop.failover;
  const { drill: _atHome, ...failback } = shop.failback;
  const launched = Object.entries(shop.servers).map(([name, { wave, health }]): [string, PlanServer] => [
    name,
    { instance: instances.get(name) ?? '', wave, health },
  ]);
  return {
    name: 'shop-north',
    primary: { region: away },
    recovery: {
      region: third,
      subnets: { [subnet]: 'subnet-0c30000000000000c' },
      securityGroups: { [group]: 'sg-0c30000000000000c' },
    },
    protection: shop.protection,
    servers: Object.fromEntries(launched),
    groups: {},
    traffic: shop.traffic,
    failover,
    failback,
    notify: [],
  };
}

let first: Stage;
let second: Stage;
let assembly: Assembly;
let rights: RightsRecord;
/** Everything that was there before anything was protected. */
let before: Set<string>;
/** The last bytes that a server accepted for a block, by `server device index`, in whichever Region it ran. */
const written = new Map<string, Uint8Array | undefined>();

const ec2 = (region: string) => first.cloud.services(region).ec2;
const settle = <Value>(work: Promise<Value>) => first.clock.settle(work);
const note = ({ server, device, index, bytes }: Write) => written.set(`${server} ${device} ${index}`, bytes);
function write(stage: Stage): void {
  for (const server of servers)
    for (const device of ['/dev/xvda', '/dev/sdf'])
      expect(stage.workload.act({ kind: 'write', server, device, blocks: 2 })).toBe(true);
}
const volumesOf = (stage: Stage, region: string, server: string) =>
  ec2(region).volumesOf(stage.workload.instanceIn(region, server) ?? '');

beforeAll(async () => {
  const options = { plan: shop, world: smallShop, seed: 31, assembly: inject('shopAssembly') };
  first = await Stage.open({ ...options, furtherRegions: [third] });
  first.workload.onWrite(note);
  before = new Set(inventory(first));
  await setSchedules(first, 'protect', 'DISABLED');
  expect(outcomeOf(await first.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  expect(outcomeOf(await first.run('failover', { plan: shop.name, planned: true }))).toMatchObject({
    status: 'SUCCEEDED',
  });
  const launched = new Map(servers.map((server) => [server, first.workload.instanceIn(away, server) ?? '']));
  const plan = northward(launched);
  assembly = await synthesize([plan], inject('bundle'));
  second = await first.beside(plan, assembly.directory);
  second.workload.onWrite(note);
  rights = new RightsRecord(first.cloud);
  await setSchedules(second, 'protect', 'DISABLED');
}, synthesisMs);
afterAll(() => {
  first.close();
  assembly.remove();
});

describe('a second plan for what the first one launched', () => {
  it('protects it in the third Region beside the first one, which brings home what changed: neither touches what the other made', async () => {
    for (const method of ['native-full', 'native-incremental']) {
      write(first);
      // Both capture the same volumes in the same minute.
      const runs = [second, first].map((stage) => stage.states.ended(stage.start('protect').arn));
      for (const run of runs) expect(outcomeOf(await settle(run))).toMatchObject({ status: 'SUCCEEDED' });
      const point = (await settle(second.catalogue.points(second.plan.name))).at(-1);
      const volumes = Object.values(point?.servers ?? {}).flatMap((server) => Object.values(server.volumes));
      expect(volumes.map((volume) => volume.method)).toEqual(Array.from({ length: 6 }, () => method));
    }
    const made = ec2(away)
      .allResources()
      .filter(({ kind }) => kind === 'snapshot');
    const of = (plan: string) => made.filter((snapshot) => snapshot.tags[tags.plan] === plan).length;
    expect(of(shop.name) + of(second.plan.name)).toBe(made.length);
    expect(of(second.plan.name)).toBe(12);
    const runs = await settle(first.catalogue.operations(shop.name));
    const homewards = runs.filter(({ extent }) => extent === 'reverse');
    expect(homewards).toHaveLength(2);
    expect(homewards.every(({ outcome, rounds }) => outcome === 'succeeded' && rounds.length > 0)).toBe(true);
  });

  it('moves production there by a planned failover, without losing a byte, and users with it', async () => {
    write(first);
    // The first plan is out of the file, and its stack deleted.
    first.cloud.services(away).scheduler.isHeld = true;
    const moved = outcomeOf(await second.run('failover', { plan: second.plan.name, planned: true }));
    expect(moved).toMatchObject({ status: 'SUCCEEDED' });
    const [operation] = await settle(second.catalogue.moves(second.plan.name));
    expect(operation).toMatchObject({ outcome: 'succeeded', rpoSeconds: 0 });
    for (const server of servers) {
      const there = volumesOf(second, third, server);
      expect([...there.keys()].toSorted()).toEqual(['/dev/sdf', '/dev/xvda']);
      for (const [device, volume] of there) {
        const left = ec2(away).contentOf(volumesOf(first, away, server).get(device) ?? '');
        expect(changedIndexes(left, ec2(third).contentOf(volume))).toEqual([]);
      }
    }
    expect(written.size).toBeGreaterThan(20);
    for (const [key, bytes] of written) {
      const [server = '', device = '', index] = key.split(' ');
      const there = ec2(third).readBlock(volumesOf(second, third, server).get(device) ?? '', Number(index));
      expect([key, bytes !== undefined && there.equals(bytes)]).toEqual([key, true]);
    }
    expect(second.workload.servingRegion()).toBe(third);
    expect(first.workload.servingRegion()).toBeUndefined();
  });

  it('leaves nothing that neither of the two plans answers for (I8)', async () => {
    await first.clock.advance(180_000);
    const ofFirst = await settle(findLeftovers(first, before));
    const ofSecond = new Set(await settle(findLeftovers(second, before)));
    expect(ofFirst.filter((name) => ofSecond.has(name))).toEqual([]);
    expect(first.cloud.notModelled).toEqual([]);
    expect(await unallowed(rights)).toEqual([]);
    write(second);
  });
});
