import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { withOneWrong } from '../../proof/rights/canaries.ts';
import { isolatingShop, movingShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { WorldServer } from '../../rehearsal/world.ts';
import {
  assemblyOf,
  closeKept,
  eventsOf,
  isEntered,
  openProtectedLife,
  outcomeOf,
  recordedRights,
  smallShop,
} from './shop-stage.ts';

const [home, away] = [movingShop.primary.region, movingShop.recovery.region];
const { db: dbServer, web: webServer } = movingShop.servers;
const worker = 'workers-0000000000000000a';
/** Two servers by their ids, and one that carries the tags of a worker; what may not write is isolated. */
const moving: Plan = {
  ...movingShop,
  failover: { ...movingShop.failover, ...isolatingShop.failover },
  servers: { db: dbServer, web: webServer } as Plan['servers'],
  groups: { workers: { tags: { role: 'worker' }, wave: 2, health: { withinSeconds: 600 } } },
};
const { db, web } = smallShop.servers;
const guarded = { ...db, details: { disableApiTermination: true } } as WorldServer;
const world = { servers: { db, web, [worker]: guarded } as Record<string, WorldServer>, events: [] };
const originals = { db: 'i-0db00000000000001', web: 'i-03eb0000000000003', [worker]: 'i-0000000000000000a' };
const servers = Object.keys(originals) as (keyof typeof originals)[];

const assembly = assemblyOf(moving);
let life: Life;
let stage: Stage;
beforeAll(async () => {
  life = await openProtectedLife({ seed: 71, plan: moving, world, assembly: assembly() });
  stage = life.stage;
}, 300_000);
afterAll(() => closeKept(life));

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const stateOf = (id: string) => ec2(home).state.instances.get(id)?.state;
const state = () => settle(stage.catalogue.state(moving.name));
const lastFailback = async () =>
  (await settle(stage.catalogue.operationsOf(moving.name, 'failback'))).toSorted((a, b) => a.epoch - b.epoch).at(-1);
const succeeded = { status: 'SUCCEEDED' };
const zoneOf = (id: string) =>
  ec2(home).state.subnets.get(ec2(home).state.instances.get(id)?.interfaces[0].subnetId ?? '')?.zone;

/** Contents of all volumes of a server's instance, by device and block. */
function contents(region: string, instance: string): Map<string, string> {
  const blocks = [...ec2(region).volumesOf(instance)].flatMap(([device, volume]) =>
    [...ec2(region).contentOf(volume).blocks].map(
      ([index, bytes]) => [`${device} ${index}`, bytes.toString('base64')] as const,
    ),
  );
  return new Map(blocks.toSorted(([one], [other]) => one.localeCompare(other)));
}

/** What the servers that serve hold, in their Region. */
const served = (region: string) =>
  new Map(servers.map((server) => [server, contents(region, stage.workload.instanceIn(region, server) ?? '')]));

async function failOver(): Promise<void> {
  expect(outcomeOf(await life.run('failover', { plan: moving.name }))).toMatchObject(succeeded);
  await life.rest();
  life.write(2);
}

const calls = () => stage.cloud.record.calls;
const touching = /^(Start|Stop|Terminate)Instances$/;

describe('servers that come home as new instances', () => {
  it('are said by name where their originals are gone, and refused where they cannot be', async () => {
    await failOver();
    const client = new EC2Client(stage.cloud.clientConfig(home));
    await settle(client.send(new TerminateInstancesCommand({ InstanceIds: [originals.db] })));
    await life.rest();
    const failed = outcomeOf(await life.run('failback', { plan: moving.name }));
    expect(failed).toMatchObject({ status: 'FAILED', error: 'PrimaryNotReachable' });
    expect(failed.message).toContain(`${originals.db} of server db no longer exists in ${home}`);
    expect(failed.message).toContain('start the failback with "newServers": ["db"]');
    await life.rest();
    const { epoch } = await state();
    const refused: [unknown, string][] = [
      [
        { newServers: ['dbb'] },
        'newServers: "dbb" is no server of plan shop that can come home. Servers: db, web, workers-0000000000000000a',
      ],
      [{ newServers: [] }, 'newServers: is not true, or a list of servers'],
      [{ newServers: 'db' }, 'newServers: is not true, or a list of servers'],
      [{ newServers: true, fenceOnly: true }, 'newServers: cannot go with fenceOnly'],
    ];
    for (const [input, text] of refused) {
      const ended = outcomeOf(await life.run('failback', { plan: moving.name, ...(input as object) }));
      expect(ended).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
      expect(ended.message).toContain(text);
    }
    expect((await state()).epoch).toBe(epoch);
  }, 300_000);

  it('I1, I5: are gone before recovery serves again, where their failback is stopped in the waves', async () => {
    const before = served(away);
    const execution = stage.start('failback', { plan: moving.name, newServers: true });
    await stage.clock.run(() => isEntered(execution, 'Health'));
    const since = calls().length;
    await settle(stage.stop(execution));
    await life.rest();
    expect(await lastFailback()).toMatchObject({ outcome: 'rolled-back', newServers: servers });
    expect((await state()).homes).toBeUndefined();
    const order = calls()
      .slice(since)
      .map(({ operation, region }) => `${region} ${operation}`);
    expect(order.indexOf(`${home} TerminateInstances`)).toBeGreaterThanOrEqual(0);
    expect(order.indexOf(`${away} StartInstances`)).toBeGreaterThan(order.lastIndexOf(`${home} TerminateInstances`));
    expect(servers.map((server) => stateOf(originals[server])).slice(1)).toEqual(['stopped', 'stopped']);
    expect(served(away)).toEqual(before);
    expect(await life.broken()).toEqual([]);
  }, 300_000);

  it('I1, I5, I8: are gone, and originals as they were, once their Region is back that was silent when their failback was undone', async () => {
    const before = served(away);
    const webVolumes = ec2(home).volumesOf(originals.web);
    const execution = stage.start('failback', { plan: moving.name, newServers: ['db'] });
    await stage.clock.run(() => isEntered(execution, 'Health'));
    const launched = stage.workload.instanceIn(home, 'db') ?? '';
    expect(ec2(home).volumesOf(originals.web)).not.toEqual(webVolumes);
    stage.cloud.faults.lose(home);
    await settle(stage.stop(execution));
    await stage.clock.advance(1_800_000);
    expect(await lastFailback()).toMatchObject({ outcome: 'rolled-back', isLeftAtHome: true });
    expect((await state()).fence).toMatchObject({ status: 'owed' });
    expect(served(away)).toEqual(before);
    stage.cloud.faults.restore(home);
    await stage.clock.advance(120_000);
    // Isolated it may run on, on the volumes that it was given: those go once it is stopped.
    expect((await state()).fence).toMatchObject({ status: 'isolated' });
    expect(ec2(home).isServing(launched)).toBe(false);
    expect(ec2(home).volumesOf(originals.web)).not.toEqual(webVolumes);
    const refusal = stage.cloud.faults.add({
      kind: 'refused',
      caller: 'FailbackRound',
      operation: 'CreateSnapshots',
      times: 99,
    });
    expect(outcomeOf(await life.run('failback', { plan: moving.name, newServers: ['db'] }))).toMatchObject({
      status: 'FAILED',
    });
    refusal.remove();
    await life.rest();
    expect((await state()).fence).toMatchObject({ status: 'confirmed' });
    expect(stateOf(launched)).toBe('terminated');
    expect(ec2(home).volumesOf(originals.web)).toEqual(webVolumes);
    expect(await life.broken()).toEqual([]);
  }, 300_000);

  it('I4: hold every byte, in the zone that the plan names, and records lead to them', async () => {
    life.write(2);
    const before = served(away);
    const looked = stage.start('failback', { plan: moving.name, newServers: ['db', worker], estimateOnly: true });
    await settle(stage.states.ended(looked.arn));
    expect(outcomeOf(looked)).toMatchObject(succeeded);
    expect(outcomeOf(await life.run('failback', { plan: moving.name, newServers: ['db', worker] }))).toMatchObject(
      succeeded,
    );
    expect(served(home)).toEqual(before);
    const { homes = {}, fence, activeSite } = await state();
    expect({ fence, activeSite }).toEqual({ fence: null, activeSite: 'primary' });
    expect(homes['db']?.formerly).toEqual([originals.db]);
    expect(homes[worker]?.formerly).toEqual([originals[worker]]);
    expect(Object.keys(homes)).toHaveLength(2);
    expect([homes['db'], homes[worker]].map((of) => zoneOf(of?.instance ?? ''))).toEqual([`${home}b`, `${home}b`]);
    expect(zoneOf(originals.web)).toBe(`${home}a`);
    expect([originals.web, originals[worker]].map(stateOf)).toEqual(['running', 'stopped']);
    const isGuarded = (server: string) =>
      ec2(home).state.instances.get(homes[server]?.instance ?? '')?.disableApiTermination;
    expect([isGuarded(worker), isGuarded('db')]).toEqual([true, false]);
    const address = ec2(home).state.instances.get(homes['db']?.instance ?? '')?.interfaces[0].privateIp;
    const { route53 } = stage.cloud.services(away);
    expect(route53.resolve('db.shop.example.com', 'A', 'Z0SHOPEXAMPLE')?.values).toEqual([address]);
    expect(
      [...ec2(home).state.images.values()].filter(({ tags }) => tags.some(({ Value }) => Value === 'home-image')),
    ).toEqual([]);
    const failback = await lastFailback();
    const kept = `server ${worker} is ${homes[worker]?.instance} at home from now on; what it was before, ${originals[worker]}, is left as it is, yours to keep or to terminate`;
    expect(await eventsOf(stage, failback?.id)).toEqual(
      expect.arrayContaining([
        kept,
        `${originals.db} of server db no longer exists in ${home}: there is nothing of it to stop, and nothing to keep`,
      ]),
    );
    const { message } = stage.cloud.services(away).sns.messages.at(-1) ?? {};
    expect(message).toContain(kept);
    const lines: string[] = [];
    await settle(
      showStatus(
        stage.console((line) => lines.push(line)),
        moving,
      ),
    );
    expect(lines).toContain(`at home db is ${homes['db']?.instance}, formerly ${originals.db}`);
    await life.rest();
    expect(await life.broken()).toEqual([]);
  }, 300_000);

  it('go on by delta under the names that they had, are cut off by the next failover, and come home in place', async () => {
    const { homes = {} } = await state();
    life.write(1);
    const since = calls().length;
    expect(outcomeOf(await life.run('protect'))).toMatchObject(succeeded);
    const point = (await settle(stage.catalogue.points(moving.name))).at(-1);
    expect(Object.keys(point?.servers ?? {}).toSorted()).toEqual([...servers].toSorted());
    expect(point?.members[worker]).toEqual({ instance: homes[worker]?.instance, group: 'workers' });
    const methods = Object.values(point?.servers ?? {}).flatMap(({ volumes }) =>
      Object.values(volumes).map(({ method }) => method),
    );
    expect(new Set(methods)).toEqual(new Set(['delta']));
    await failOver();
    expect(Object.values(homes).map(({ instance }) => ec2(home).isCutOff(instance))).toEqual([true, true]);
    const before = served(away);
    expect(outcomeOf(await life.run('failback', { plan: moving.name }))).toMatchObject(succeeded);
    expect(served(home)).toEqual(before);
    expect((await state()).homes).toEqual(homes);
    expect(Object.values(homes).map(({ instance }) => stateOf(instance))).toEqual(['running', 'running']);
    // What they were before is nobody's to touch.
    const touched = calls()
      .slice(since)
      .filter(({ operation, region }) => touching.test(operation) && region === home)
      .flatMap(({ input }) => input['InstanceIds']);
    expect(touched).toContain(homes[worker]?.instance);
    expect(touched).not.toContain(originals[worker]);
    expect(touched).not.toContain(originals.db);
  }, 300_000);

  it('are kept by an accept, and may come home as others once more', async () => {
    await life.rest();
    life.write(1);
    // What is written in the millisecond of a snapshot may be in it or not.
    await stage.clock.advance(1);
    expect(outcomeOf(await life.run('protect'))).toMatchObject(succeeded);
    const operations = await settle(stage.catalogue.operationsOf(moving.name, 'failback'));
    const blocks = operations.flatMap(({ committedAt, unreplicated }) =>
      committedAt === null ? [] : Object.values(unreplicated ?? {}).map((found) => found.blocks),
    );
    const unreplicatedBlocks = blocks.reduce((sum, each) => sum + each, 0);
    expect(
      outcomeOf(await life.run('failback', { plan: moving.name, accept: true, unreplicatedBlocks })),
    ).toMatchObject(succeeded);
    const { homes = {} } = await state();
    const [was = ''] = [homes['db']?.instance];
    expect(stateOf(was)).toBe('running');
    expect(stateOf(originals[worker])).toBe('stopped');
    await life.rest();
    expect(await life.broken()).toEqual([]);
    await failOver();
    expect(outcomeOf(await life.run('failback', { plan: moving.name, newServers: ['db'] }))).toMatchObject(succeeded);
    const { homes: then = {} } = await state();
    expect(then['db']?.formerly).toEqual([originals.db, was]);
    expect([was, then['db']?.instance ?? ''].map(stateOf)).toEqual(['stopped', 'running']);
    expect(then[worker]).toEqual(homes[worker]);
  }, 300_000);
});

const asOriginals = 'what is done to originals, done to the server that one is by now: it is proved of originals';
const strays =
  'a server launched by a failback that was undone while nobody could end it, where originals are isolated';
const settings = 'a server that forwards what is not meant for it, which is proved of failovers';
/** Rights on what carries the tags of new servers that nothing above asks for, and why they are given all the same. */
const unasked = {
  'failback/fence ec2:ModifyNetworkInterfaceAttribute': asOriginals,
  'failback/put-back ec2:AttachVolume': asOriginals,
  'failback/put-back ec2:DetachVolume': asOriginals,
  'failback/start ec2:ModifyInstanceAttribute': settings,
  'failback/undo ec2:StopInstances': asOriginals,
  'failover/fence ec2:StopInstances': strays,
  'failover/undo ec2:ModifyNetworkInterfaceAttribute': asOriginals,
  'failover/undo ec2:StartInstances': asOriginals,
};

describe('rights on new servers at home, and on no others', () => {
  const isOfHome = (what: unknown) => /home-(server|image)/.test(JSON.stringify(what ?? {}));

  it('are each used or listed with a reason', () => {
    const { policies, requests } = recordedRights();
    const given = [...policies.values()].flatMap(({ title, statements }) =>
      statements
        .filter(({ Condition }) => isOfHome(Condition))
        .flatMap(({ Action }) => Action.map((action) => `${title} ${action}`)),
    );
    const used = new Set(
      requests
        .filter(({ context }) => isOfHome(context))
        .map(({ role, action }) => `${policies.get(role)?.title} ${action}`),
    );
    expect([...new Set(given)].filter((right) => !used.has(right)).toSorted()).toEqual(Object.keys(unasked).toSorted());
  });

  it('are noticed where any one resource or condition of them does not fit', async () => {
    const { policies, requests } = recordedRights();
    const canaries = await withOneWrong(policies, requests, ({ Condition }) => isOfHome(Condition));
    // The same actions are asked on what comes with a launch, or on addresses that are given back.
    const other = ['failback/start ec2:CreateTags', 'failback/start ec2:ModifyNetworkInterfaceAttribute'];
    const isUnasked = (name: string) =>
      [...Object.keys(unasked), ...other].some((right) => name.startsWith(`${right} `));
    expect(canaries.filter(({ name, isCaught }) => !isCaught && !isUnasked(name))).toEqual([]);
    expect(canaries.filter(({ isCaught }) => isCaught).length).toBeGreaterThan(60);
  });
});
