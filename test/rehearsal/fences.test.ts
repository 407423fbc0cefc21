import { DescribeInstancesCommand, EC2Client, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { RawTable } from '../../proof/raw-table.ts';
import { livedWorld } from '../../proof/rights/life.ts';
import { isolatingShop, unfencedShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const home = shop.primary.region;
const away = shop.recovery.region;
const minuteMs = 60_000;
const [cut = ''] = isolatingShop.failover.isolationGroups ?? [];
const [users = ''] = Object.keys(shop.recovery.securityGroups);

let life: Life;
let stage: Stage;

/** A plan of a shop whose database has two network interfaces, of which one has no group that the plan maps. */
async function open(plan: Plan, assembly: string | undefined, seed: number): Promise<void> {
  life = await openLife({ plan, seed, world: livedWorld, ...(assembly === undefined ? {} : { assembly }) });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  life.write(1);
}

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const state = () => settle(stage.catalogue.state(shop.name));
const moves = () => settle(stage.catalogue.moves(shop.name));
const told = () => stage.cloud.services(away).sns.messages;
const originals = Object.values(shop.servers).map(({ instance }) => instance);
/** As AWS describes them: what state the servers at home are in, and the groups of all their interfaces, by its id. */
async function atHome() {
  const client = new EC2Client(stage.cloud.clientConfig(home));
  const { Reservations = [] } = await settle(client.send(new DescribeInstancesCommand({ InstanceIds: originals })));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  const interfaces = instances.flatMap(({ NetworkInterfaces = [] }) => NetworkInterfaces);
  return {
    states: instances.map(({ State }) => State?.Name),
    groups: Object.fromEntries(
      interfaces.map(({ NetworkInterfaceId, Groups = [] }) => [
        NetworkInterfaceId,
        Groups.map(({ GroupId = '' }) => GroupId),
      ]),
    ) as Record<string, string[]>,
  };
}

const areAllCut = ({ groups }: Awaited<ReturnType<typeof atHome>>) =>
  Object.values(groups).every((ids) => ids.join() === cut);

/** Blocks that the last failback found at home and nowhere else, by volume. */
async function unreplicated(): Promise<number[]> {
  const failbacks = (await moves()).filter(({ kind, extent }) => kind === 'failback' && extent === undefined);
  return Object.values(failbacks.at(-1)?.unreplicated ?? {}).map(({ blocks }) => blocks);
}

/** An undo that a test itself refuses is told as one that could not be undone, and as nothing else. */
async function expectPromises(): Promise<void> {
  try {
    await life.rest();
    expect((await life.broken()).filter((line) => !line.includes('perform ec2:ModifyNetworkInterface'))).toEqual([]);
  } finally {
    stage.close();
  }
}

async function statusLines(): Promise<string> {
  const lines: string[] = [];
  await settle(
    showStatus(
      stage.console((line) => lines.push(line)),
      stage.plan,
    ),
  );
  return lines.join('\n');
}

const full = (isFull: boolean) => stage.cloud.services(away).ec2.setCapacity(`${away}a`, 't3.medium', !isFull);

describe('I1, I5: a primary that is isolated', () => {
  const assembly = assemblyOf(isolatingShop);
  beforeEach(() => open(isolatingShop, assembly(), 91));
  afterEach(expectPromises);

  it('runs on where nothing new reaches it; what it then takes from open connections is kept and reported, and its groups come back before it serves', async () => {
    const before = await atHome();
    expect(Object.keys(before.groups)).toHaveLength(4);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    const isolated = await atHome();
    expect(isolated.states).toEqual(['running', 'running', 'running']);
    expect(areAllCut(isolated)).toBe(true);
    const stops = stage.cloud.record.calls.filter(
      ({ operation, region }) => operation === 'StopInstances' && region === home,
    );
    expect(stops).toEqual([]);
    expect(await state()).toMatchObject({ phase: 'recovered', fence: { status: 'isolated' } });
    expect(await statusLines()).toMatch(/^fence: primary isolated since \S+: its servers run, and go on for those/m);
    const [failover] = await moves();
    const noted = Object.entries(failover?.isolated ?? {}).map(([id, { before: groups }]) => [id, groups]);
    expect(Object.fromEntries(noted)).toEqual(before.groups);
    await stage.clock.advance(2 * minuteMs);
    const written = stage.cloud
      .services(away)
      .s3.all()
      .find(({ key }) => key.endsWith(`/${failover?.id}.json`));
    expect(JSON.parse(written?.body.toString() ?? '{}')).toMatchObject({
      isolated: expect.arrayContaining(
        Object.entries(before.groups).map(([id, groups]) => expect.objectContaining({ interface: id, groups })),
      ),
    });
    // Both go to the servers that recovery brought up, and over the connections that were open to those at home.
    life.write(2);
    // A failback that ends before its servers start leaves them stopped and isolated; the next one gives the groups back.
    stage.cloud.faults.add({ kind: 'refused', operation: 'CreateVolume', caller: 'FailbackRebuild', times: 1 });
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(await state()).toMatchObject({ phase: 'recovered', fence: { status: 'confirmed' } });
    expect(areAllCut(await atHome())).toBe(true);
    const from = stage.cloud.record.calls.length;
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await atHome()).toEqual({ ...before, states: ['running', 'running', 'running'] });
    expect((await unreplicated()).every((blocks) => blocks > 0)).toBe(true);
    const asked = stage.cloud.record.calls.slice(from).filter(({ region }) => region === home);
    const at = (operation: string) => asked.findIndex((call) => call.operation === operation);
    expect(at('ModifyNetworkInterfaceAttribute')).toBeGreaterThan(at('AttachVolume'));
    expect(at('ModifyNetworkInterfaceAttribute')).toBeLessThan(at('StartInstances'));
  });

  it('is reached again as before where the failover is undone, also by the next one where its own undo failed', async () => {
    const before = await atHome();
    full(true);
    // After the progression comes the first note of an interface: one that cannot be noted is left as it is.
    stage.cloud.faults.add({ kind: 'refused', operation: 'UpdateItem', caller: 'FailoverFence', skip: 1 });
    // Its answer is lost on the way: what was noted before is what comes back.
    for (const kind of ['answer-lost', 'throttled'] as const)
      stage.cloud.faults.add({ kind, operation: 'ModifyNetworkInterfaceAttribute', caller: 'FailoverFence', times: 1 });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'FAILED', error: 'LaunchFailed' });
    expect(await atHome()).toEqual(before);
    expect(await state()).toMatchObject({ phase: 'protected', fence: null, restingSince: expect.any(String) });
    const refusing = { operation: 'ModifyNetworkInterfaceAttribute', caller: 'FailoverUndo', times: 1_000 };
    const refused = stage.cloud.faults.add({ kind: 'refused', ...refusing });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'FAILED' });
    refused.remove();
    expect((await moves()).at(-1)).toMatchObject({ outcome: 'failed' });
    expect(areAllCut(await atHome())).toBe(true);
    full(false);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await atHome()).toEqual(before);
  }, 120_000);

  it('that was silent is isolated within a minute of its return, a server that somebody had stopped too', async () => {
    const before = await atHome();
    const group = stage.cloud.services(home).ec2.state.securityGroups.get(cut) ?? {};
    Object.assign(group, { isClosed: false });
    await stage.clock.advance(35 * minuteMs);
    expect(await statusLines()).toMatch(/readiness at .*: a failover could not fence the primary/);
    expect(await statusLines()).toContain(`no fence: isolation group ${cut} lets something in or out`);
    Object.assign(group, { isClosed: true });
    stage.cloud.faults.lose(home);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await state()).toMatchObject({ fence: { status: 'owed' } });
    // A silent primary is no reason to wait, nor to stop.
    expect((await moves()).at(-1)?.warnings).toEqual([
      expect.stringContaining(`isolation groups of ${home} could not be looked at`),
    ]);
    stage.cloud.faults.restore(home);
    const stopped = shop.servers['files']?.instance ?? '';
    await settle(
      new EC2Client(stage.cloud.clientConfig(home)).send(new StopInstancesCommand({ InstanceIds: [stopped] })),
    );
    await stage.clock.advance(6 * minuteMs);
    expect(await state()).toMatchObject({ phase: 'recovered', lease: null, fence: { status: 'isolated' } });
    const subjects = told().map(({ subject }) => subject);
    expect(subjects).toContain('Homeward: payment of the owed fence of plan shop succeeded');
    const isolated = await atHome();
    expect(areAllCut(isolated)).toBe(true);
    expect(isolated.states.toSorted()).toEqual(['running', 'running', 'stopped']);
    life.write(1);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await atHome()).groups).toEqual(before.groups);
  });

  it('is stopped by a planned failover all the same, which loses nothing', async () => {
    const before = await atHome();
    expect(outcomeOf(await life.run('failover', { plan: shop.name, planned: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await atHome()).toEqual({ ...before, states: ['stopped', 'stopped', 'stopped'] });
    expect(await state()).toMatchObject({ fence: { status: 'confirmed' } });
  });
});

describe('I1: a primary that nobody fences', () => {
  const assembly = assemblyOf(unfencedShop);
  beforeEach(() => open(unfencedShop, assembly(), 92));
  afterEach(expectPromises);

  it('is left as it is, which is said before, while and after; the failback stops it before anything there serves', async () => {
    const warning = 'nobody fences the primary (failover.fence: none)';
    await stage.clock.advance(31 * minuteMs);
    expect(await statusLines()).toContain(`  warning: ${warning}`);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await atHome()).states).toEqual(['running', 'running', 'running']);
    expect(await state()).toMatchObject({ phase: 'recovered', fence: { status: 'waived' } });
    expect(told().at(-1)?.message).toContain(`Warning: ${warning}`);
    expect(await statusLines()).toMatch(/^fence: primary waived since \S+: nobody fences it/m);
    const touched = stage.cloud.record.calls.filter(
      ({ operation, region }) => region === home && /^(Stop|Modify)/.test(operation),
    );
    expect(touched).toEqual([]);
    const payment = outcomeOf(await life.run('failback', { plan: shop.name, fenceOnly: true }));
    expect(payment).toMatchObject({ error: 'WrongPhase', message: expect.stringContaining('has nobody fence') });
    // Somebody who knows the address of a server at home.
    stage.cloud.services(home).ec2.writeBlocks(
      stage.cloud
        .services(home)
        .ec2.volumesOf(originals[0] ?? '')
        .get('/dev/sdf') ?? '',
      9,
      Buffer.alloc(524_288, 7),
    );
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await unreplicated()).reduce((sum, blocks) => sum + blocks, 0)).toBeGreaterThan(0);
    expect((await atHome()).states).toEqual(['running', 'running', 'running']);
  });
});

it('a failback is refused while the plan no longer says how its isolated servers were fenced', async () => {
  await open(shop, undefined, 93);
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
  const table = new RawTable(stage);
  const [failover] = await settle(table.itemsOf(`PLAN#${shop.name}`, 'OP#failover-'));
  if (failover === undefined) throw new Error('there was a failover');
  const isolated = { 'eni-0db00000000000001': { instance: originals[0], before: [users], given: [cut] } };
  await settle(table.put({ ...failover, isolated }));
  const ended = outcomeOf(await life.run('failback'));
  expect(ended).toMatchObject({ error: 'PreflightFailed', message: expect.stringContaining('isolated eni-0db0') });
  expect(await state()).toMatchObject({ phase: 'recovered', lease: null });
  stage.close();
});
