import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import { withMembers } from '../../lib/domain/members.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { functionOf } from '../../proof/fuzz/tamper.ts';
import { RawTable } from '../../proof/raw-table.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { WorldServer } from '../../rehearsal/world.ts';
import { openPlan, outcomeOf, protectNow, setSchedules, shop, smallShop, synthesisMs } from './shop-stage.ts';

const { automatic: _, ...failover } = shop.failover;
const tags = { app: 'shop', role: 'worker' };

/** One server by its id, and whatever carries the tags of a worker. */
const fleet: Plan = {
  ...shop,
  name: 'fleet',
  servers: { db: { ...shop.servers['db'], wave: 1 } as Plan['servers'][string] },
  groups: {
    workers: { tags, wave: 2, health: { withinSeconds: 600 } },
    night: { tags: { shift: 'night' }, wave: 2, health: { withinSeconds: 600 } },
  },
  traffic: [],
  failover,
};
const [first, second, third] = ['0000000000000000a', '0000000000000000b', '0000000000000000c'];
const smallServer = smallShop.servers['db'] as WorldServer;
const world = {
  servers: { db: smallServer, [`workers-${first}`]: smallServer, [`workers-${second}`]: smallServer },
  events: [],
};

let close: () => void;
let stage: Stage;
beforeAll(async () => {
  ({ stage, close } = await openPlan(fleet, world, 31));
  await setSchedules(stage, 'measure', 'DISABLED');
  await setSchedules(stage, 'protect', 'DISABLED');
}, synthesisMs);
afterAll(() => close());

const home = () => stage.cloud.services(fleet.primary.region).ec2;
const away = () => stage.cloud.services(fleet.recovery.region).ec2;
const tagsOf = (id: string) => home().state.instances.get(id)?.tags ?? [];
const notices = () => stage.cloud.services(fleet.recovery.region).sns.messages.map(({ message }) => message);
const newest = async () => (await stage.clock.settle(stage.catalogue.points('fleet'))).at(-1) as RecoveryPoint;

async function eventsOf(operation: string): Promise<unknown[]> {
  const items = await stage.clock.settle(new RawTable(stage).items());
  return items.filter(({ pk, sk }) => pk === `OP#${operation}` && sk.startsWith('EV#')).map(({ text }) => text);
}

async function protectedServers(): Promise<string[]> {
  expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
  const point = await newest();
  expect(point.status).toBe('available');
  return Object.keys(point.servers).toSorted();
}

function launchAtHome(suffix: string, tagged: Readonly<Record<string, string>>): void {
  home().addInstance({
    id: `i-${suffix}`,
    instanceType: 'm7g.large',
    subnet: Object.keys(fleet.recovery.subnets)[0] ?? '',
    securityGroups: Object.keys(fleet.recovery.securityGroups).slice(0, 1),
    rootDevice: '/dev/xvda',
    listens: [],
    tags: { Name: `workers-${suffix}`, ...tagged },
    volumes: [{ device: '/dev/xvda', sizeGib: 8, volumeType: 'gp3' }],
  });
}

describe('servers that a plan picks by their tags', () => {
  it('are in the recovery point beside those that it names', async () => {
    expect(await protectedServers()).toEqual(['db', `workers-${first}`, `workers-${second}`]);
    const { members } = await newest();
    expect(members[`workers-${first}`]).toEqual({ instance: `i-${first}`, group: 'workers' });
    expect(members['db']).toEqual({ instance: shop.servers['db']?.instance, group: null });
  });

  it('are picked up when they appear, with all of the tags, and not with some of them', async () => {
    launchAtHome(third, tags);
    launchAtHome('0000000000000000d', { app: 'shop' });
    expect(await protectedServers()).toEqual(['db', ...[first, second, third].map((each) => `workers-${each}`)]);
    const { operation } = await newest();
    const events = await eventsOf(operation);
    expect(events).toContain(`protected from now on: workers-${third}`);
    expect(notices().filter((message) => message.includes('workers-'))).toEqual([]);
  });

  it('are missed by name, once, when they vanish', async () => {
    const last = await newest();
    home().state.instances.get(`i-${third}`)?.tags.splice(0);
    expect(await protectedServers()).not.toContain(`workers-${third}`);
    const told = notices().filter((message) => message.includes(`workers-${third}`));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(last.id);
    await protectedServers();
    expect(notices().filter((message) => message.includes(`workers-${third}`))).toHaveLength(1);
  });

  it('are refused when two groups would pick them, or when they cannot be protected, before anything is captured', async () => {
    const snapshots = home().state.snapshots.size;
    tagsOf(`i-${first}`).push({ Key: 'shift', Value: 'night' });
    home().setPurchase(`i-${second}`, { InstanceLifecycle: 'spot' });
    const { error, message } = outcomeOf(await protectNow(stage));
    expect(error).toBe('ServerRefused');
    expect(message).toContain(`i-${first} carries the tags of groups workers and night`);
    expect(message).toContain(`workers-${second} (i-${second}) is a spot instance`);
    expect(home().state.snapshots.size).toBe(snapshots);
    tagsOf(`i-${first}`).pop();
    home().setPurchase(`i-${second}`, {});
  });

  it('fail over as the point holds them, whoever carries the tags by then', async () => {
    const servers = await protectedServers();
    launchAtHome('0000000000000000e', tags);
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    const operation = (await stage.clock.settle(stage.catalogue.moves('fleet'))).at(-1);
    expect(Object.keys(operation?.servers ?? {}).toSorted()).toEqual(servers);
    const stateOf = (id: string) => home().state.instances.get(id)?.state;
    expect([first, second].map((id) => stateOf(`i-${id}`))).toEqual(['stopped', 'stopped']);
    expect(stateOf('i-0000000000000000e')).toBe('running');
    const launched = Object.values(operation?.servers ?? {}).map(({ instance }) => instance ?? '');
    expect(launched.filter((id) => away().isServing(id))).toHaveLength(3);
  });

  it('are not left behind by a failback whose plan no longer has their group', async () => {
    const right = functionOf(stage, 'failback/open');
    const assetDir = mkdtempSync(`${right.assetDir}-changed-`);
    cpSync(right.assetDir, assetDir, { recursive: true });
    const file = join(assetDir, 'plans.json');
    const plans = JSON.parse(readFileSync(file, 'utf8')) as Plan[];
    writeFileSync(file, JSON.stringify(plans.map((plan) => ({ ...plan, groups: {} }))));
    const { lambda } = stage.cloud.services(fleet.recovery.region);
    lambda.createFunction({ ...right, assetDir });
    const { error, message } = outcomeOf(await stage.run('failback'));
    lambda.createFunction(right);
    expect(error).toBe('PreflightFailed');
    expect(message).toContain(`moved or stopped workers-${first}, workers-${second}, which plan fleet no longer has`);
  });

  it('come home to the same instances, with what was written away from home', async () => {
    const written = stage.workload.act({ kind: 'write', server: `workers-${second}`, device: '/dev/sdf', blocks: 3 });
    expect(written).toBe(true);
    const operation = (await stage.clock.settle(stage.catalogue.moves('fleet'))).at(-1);
    const away1 =
      away()
        .volumesOf(operation?.servers[`workers-${second}`]?.instance ?? '')
        .get('/dev/sdf') ?? '';
    const content = new Map(away().contentOf(away1).blocks);
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const back = home().volumesOf(`i-${second}`).get('/dev/sdf') ?? '';
    const bytes = home().contentOf(back).blocks;
    for (const [index, block] of content) expect(Buffer.from(bytes.get(index) ?? []).equals(block)).toBe(true);
    expect(home().isServing(`i-${first}`)).toBe(true);
    expect((await protectedServers()).toSorted()).toEqual(
      ['db', ...[first, second, '0000000000000000e'].map((each) => `workers-${each}`)].toSorted(),
    );
  });
});

describe('a plan with its members', () => {
  it('has them under the rules of their group, and leaves out those of a group that it no longer has', () => {
    const { servers } = withMembers(fleet, {
      'workers-1': { instance: 'i-1', group: 'workers' },
      'old-1': { instance: 'i-2', group: 'old' },
    });
    expect(servers['workers-1']).toEqual({ instance: 'i-1', wave: 2, health: { withinSeconds: 600 } });
    expect(servers['old-1']).toBeUndefined();
  });
});
