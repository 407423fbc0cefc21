import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOperation } from '../../lib/cli/operations.ts';
import type { Operation } from '../../lib/domain/catalogue.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import { reportFailback } from '../../rehearsal/report.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { changedIndexes } from '../../sim/blocks/content.ts';
import { openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

/** One plan through two disasters, chapter by chapter: each begins where the one before it ended. */
let stage: Stage;
let before: Set<string>;
beforeAll(async () => {
  stage = await openShop(7);
  before = new Set(inventory(stage));
});
afterAll(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const catalogued = <Value>(read: Promise<Value>) => stage.clock.settle(read);
const state = () => catalogued(stage.catalogue.state(shop.name));
const points = async () =>
  (await catalogued(stage.catalogue.points(shop.name))).filter(({ status }) => status === 'available');
const leftovers = () => catalogued(findLeftovers(stage, before));
const addressOf = (name: string) => stage.cloud.services(away).route53.resolve(name, 'A')?.values[0];
const instanceState = (region: string, server: string) =>
  ec2(region).state.instances.get(stage.workload.instanceIn(region, server) ?? '')?.state;
const servers = Object.keys(shop.servers);

async function lastOperation(kind: string): Promise<Operation> {
  const all = (await catalogued(stage.catalogue.operations(shop.name))).filter((each) => each.kind === kind);
  const last = all.toSorted((a, b) => a.epoch - b.epoch).at(-1);
  if (last === undefined) throw new Error(`there was no ${kind}`);
  return last;
}

function write(blocks: number): void {
  for (const server of servers)
    expect(stage.workload.act({ kind: 'write', server, device: '/dev/sdf', blocks })).toBe(true);
}

/** Blocks of the serving volumes whose bytes are no longer those of the point they were made from. */
async function changedSincePoint(): Promise<number> {
  const point = await catalogued(stage.catalogue.point('shop', (await lastOperation('failover')).recoveryPoint ?? ''));
  let changed = 0;
  for (const server of servers) {
    for (const [device, volume] of ec2(away).volumesOf(stage.workload.instanceIn(away, server) ?? ''))
      changed += ec2(away).changedBetween(point?.servers[server]?.volumes[device]?.copy ?? '', volume).length;
  }
  return changed;
}

/** The same of one volume. */
async function changedOf(server: string, device: string): Promise<number> {
  const point = await catalogued(stage.catalogue.point('shop', (await lastOperation('failover')).recoveryPoint ?? ''));
  const volume =
    ec2(away)
      .volumesOf(stage.workload.instanceIn(away, server) ?? '')
      .get(device) ?? '';
  return ec2(away).changedBetween(point?.servers[server]?.volumes[device]?.copy ?? '', volume).length;
}

/** Every recovery point that is available has the bytes of its snapshots at home on the other side. */
async function expectTwinContents(): Promise<void> {
  for (const point of await points()) {
    for (const { volumes } of Object.values(point.servers)) {
      for (const { snapshot, copy } of Object.values(volumes))
        expect(changedIndexes(ec2(home).contentOf(snapshot), ec2(away).contentOf(copy ?? ''))).toEqual([]);
    }
  }
}

describe('protection', () => {
  it('seals a point when the schedule says so, with every volume in the recovery Region (I2)', async () => {
    await stage.clock.run(() => stage.executions('protect').some(({ status }) => status === 'SUCCEEDED'));
    const [first] = await points();
    expect(Object.keys(first?.servers ?? {}).toSorted()).toEqual(servers.toSorted());
    expect(stage.clock.now() - Date.parse(first?.startedAt ?? '')).toBeLessThan(
      shop.protection.rpoTargetSeconds * 1_000,
    );
    await expectTwinContents();
  });

  it('copies only what changed the next time', async () => {
    write(3);
    const copied = ec2(away).bytesMoved.copied;
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    expect(ec2(away).bytesMoved.copied - copied).toBe(servers.length * 3 * 524_288);
    expect(await points()).toHaveLength(2);
  });
});

/** The schedule of protection goes on meanwhile. */
const untilIdle = () => stage.clock.run(() => stage.states.executions.every(({ status }) => status !== 'RUNNING'));

describe('a failover to a chosen point, from the console, while the primary answers', () => {
  it('I12: changes nothing in a dry run', async () => {
    const made = inventory(stage).length;
    expect(outcomeOf(await stage.run('failover', { plan: 'shop', dryRun: true })).status).toBe('SUCCEEDED');
    expect(inventory(stage)).toHaveLength(made);
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', lease: null, fence: null });
  });

  it('I1: stops the primary before traffic moves', async () => {
    const [oldest] = await points();
    const execution = await stage.run('failover', { plan: 'shop', recoveryPoint: oldest?.id });
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(servers.map((server) => instanceState(home, server))).toEqual(['stopped', 'stopped', 'stopped']);
    const stopped = stage.cloud.record.calls.findLast(({ operation }) => operation === 'StopInstances')?.at ?? 0;
    const moved = stage.cloud.services(away).route53.history.map(({ at }) => at);
    expect(moved.length).toBeGreaterThan(0);
    for (const at of moved) expect(at).toBeGreaterThan(stopped + ec2(home).timings.instanceStoppingMs);
    expect((await lastOperation('failover')).recoveryPoint).toBe(oldest?.id);
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', fence: { status: 'confirmed' } });
  });

  it('launches the second wave when the first is healthy', () => {
    const launched = stage.cloud.record.calls
      .filter(({ operation }) => operation === 'RunInstances')
      .map(({ at }) => at);
    const waves = servers.map((server) => shop.servers[server]?.wave);
    expect(waves).toEqual([1, 1, 2]);
    const [first = 0, second = 0, third = 0] = launched;
    expect(third - Math.max(first, second)).toBeGreaterThan(ec2(away).timings.statusChecksMs);
  });

  it('serves what the chosen point held, under the records of the plan', async () => {
    const point = await catalogued(
      stage.catalogue.point('shop', (await lastOperation('failover')).recoveryPoint ?? ''),
    );
    for (const server of servers) {
      for (const [device, volume] of ec2(away).volumesOf(stage.workload.instanceIn(away, server) ?? '')) {
        const snapshot = point?.servers[server]?.volumes[device]?.snapshot ?? '';
        expect(changedIndexes(ec2(away).contentOf(volume), ec2(home).contentOf(snapshot))).toEqual([]);
      }
    }
    await stage.clock.advance(60_000);
    const web = ec2(away).state.instances.get(stage.workload.instanceIn(away, 'web') ?? '');
    expect(addressOf('shop.example.com')).toBe(web?.interfaces[0].publicIp);
    expect(ec2(away).instanceAt(web?.interfaces[0].publicIp ?? '')?.serving).toBe(true);
  });

  it('I8: leaves nothing that nobody answers for', async () => {
    await untilIdle();
    expect(await leftovers()).toEqual([]);
  });

  it('I6: is refused a second time, and protection goes on away, without another point', async () => {
    const points = await stage.clock.settle(stage.catalogue.points('shop'));
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'FAILED', error: 'WrongPhase' });
    expect(outcomeOf(await stage.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await lastOperation('protect')).toMatchObject({ extent: 'reverse', epoch: (await state()).epoch });
    expect(await stage.clock.settle(stage.catalogue.points('shop'))).toEqual(points);
  });
});

describe('a failback', () => {
  it('says beforehand what it would move, and leaves nothing behind (I12)', async () => {
    await untilIdle();
    write(5);
    const changed = await changedSincePoint();
    const made = inventory(stage).length;
    const lines: string[] = [];
    const console = stage.console((line) => lines.push(line));
    const request = { kind: 'failback' as const, plan: shop, input: { estimateOnly: true } };
    expect(await stage.clock.settle(runOperation(console, request))).toBe(true);
    const { estimate } = await lastOperation('failback');
    expect(estimate).toMatchObject({ changedBlocks: changed, gets: changed, puts: changed });
    const db = await changedOf('db', '/dev/sdf');
    expect(lines.find((line) => line.includes('db:/dev/sdf:'))).toMatch(
      new RegExp(`: ${db} blocks .* ${db} gets, ${db} puts, .*; by delta: `),
    );
    // The failover saw each wave become healthy; the rest of a cut-over nobody has seen yet.
    const { id } = await lastOperation('failover');
    const measured = estimate?.pause.filter(({ measuredBy }) => measuredBy !== null);
    expect(measured).toMatchObject([1, 2].map((wave) => ({ phase: `health of wave ${wave} at home`, measuredBy: id })));
    await stage.clock.advance(60_000);
    expect(inventory(stage)).toHaveLength(made);
    expect(await state()).toMatchObject({ phase: 'recovered', lease: null });
  });

  it('I5, I11: that cannot start a server at home ends rolled back, with recovery serving as before', async () => {
    const volumes = servers.map((server) => [
      ...ec2(home)
        .volumesOf(shop.servers[server]?.instance ?? '')
        .values(),
    ]);
    ec2(home).setCapacity(`${home}a`, 't3.medium', false);
    const ended = outcomeOf(await stage.run('failback'));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'LaunchFailed' });
    expect(ended.message).toContain('InsufficientInstanceCapacity');
    expect(await lastOperation('failback')).toMatchObject({ outcome: 'rolled-back', committedAt: null });
    expect(
      servers.map((server) => [
        ...ec2(home)
          .volumesOf(shop.servers[server]?.instance ?? '')
          .values(),
      ]),
    ).toEqual(volumes);
    expect(servers.map((server) => instanceState(away, server))).toEqual(['running', 'running', 'running']);
    expect(servers.map((server) => instanceState(home, server))).toEqual(['stopped', 'stopped', 'stopped']);
    expect(await leftovers()).toEqual([]);
    await stage.clock.advance(180_000);
    expect(ec2(away).instanceAt(addressOf('shop.example.com') ?? '')).toMatchObject({ serving: true });
    expect(stage.cloud.services(away).sns.messages.at(-1)?.subject).toContain('failback of plan shop rolled-back');
    ec2(home).setCapacity(`${home}a`, 't3.medium', true);
  });

  it('I4: carries home exactly the changed blocks, into the original instances', async () => {
    write(4);
    for (const server of servers) stage.workload.act({ kind: 'discard', server, device: '/dev/sdf', blocks: 2 });
    stage.workload.act({ kind: 'grow', server: 'db', device: '/dev/sdf', toGib: 12 });
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const report = await catalogued(reportFailback(stage, await lastOperation('failback')));
    expect(report.volumes.map(({ contentMatches }) => contentMatches)).toEqual(report.volumes.map(() => true));
    for (const { changedBlocks, blocksMoved } of report.volumes) expect(blocksMoved).toBe(changedBlocks);
    const moved = report.volumes.reduce((sum, { blocksMoved }) => sum + blocksMoved, 0);
    expect(ec2(home).bytesMoved.written).toBe(moved * 524_288);
    expect(
      ec2(home).contentOf(
        ec2(home)
          .volumesOf(shop.servers['db']?.instance ?? '')
          .get('/dev/sdf') ?? '',
      ).sizeGib,
    ).toBe(12);
  });

  it('brings traffic and plan home, and keeps what it replaced until it is accepted (I5)', async () => {
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', fence: null, lease: null });
    await stage.clock.advance(60_000);
    const web = ec2(home).state.instances.get(shop.servers['web']?.instance ?? '');
    expect(addressOf('shop.example.com')).toBe(web?.interfaces[0].publicIp);
    const { swapped } = await lastOperation('failback');
    for (const { old } of Object.values(swapped)) expect(ec2(home).contentOf(old).sizeGib).toBeGreaterThan(0);
    expect(servers.map((server) => instanceState(away, server))).toEqual(['stopped', 'stopped', 'stopped']);
    expect(await leftovers()).toEqual([]);
  });
});

describe('after coming home', () => {
  it('protection goes on by deltas over the twins of the failback', async () => {
    write(2);
    const copied = ec2(away).bytesMoved.copied;
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    expect(ec2(away).bytesMoved.copied).toBe(copied);
    const methods = Object.values((await points()).at(-1)?.servers ?? {}).flatMap(({ volumes }) =>
      Object.values(volumes).map(({ method }) => method),
    );
    expect(new Set(methods)).toEqual(new Set(['delta']));
    await expectTwinContents();
    expect(await leftovers()).toEqual([]);
  });

  it('I9: a second disaster is survived with the primary silent, started by the command line as of a time', async () => {
    const asOf = new Date(stage.clock.now()).toISOString();
    write(2);
    stage.cloud.faults.lose(home);
    const answered = stage.cloud.record.calls.filter(
      ({ region, outcome }) => region === home && outcome === 'answered',
    );
    const lines: string[] = [];
    const request = { kind: 'failover' as const, plan: shop, input: { recoveryPoint: { asOf } } };
    expect(
      await stage.clock.settle(
        runOperation(
          stage.console((line) => lines.push(line)),
          request,
        ),
      ),
    ).toBe(true);
    expect(lines.at(-1)).toBe('failover of plan shop succeeded');
    const operation = await lastOperation('failover');
    expect(operation.trigger).toBe('cli');
    expect(operation.recoveryPoint).toBe((await points()).at(-1)?.id);
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { site: 'primary', status: 'owed' } });
    const since = stage.cloud.record.calls.filter(({ region, outcome }) => region === home && outcome === 'answered');
    expect(since).toHaveLength(answered.length);
    expect(await leftovers()).toEqual([]);
  });

  it('I1: the owed fence is paid before anything at home is let back', async () => {
    write(3);
    stage.cloud.faults.restore(home);
    expect(servers.map((server) => instanceState(home, server))).toEqual(['running', 'running', 'running']);
    const from = stage.clock.now();
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const calls = stage.cloud.record.calls.filter(({ at, region }) => at >= from && region === home);
    const first = (name: string) => calls.findIndex(({ operation }) => operation === name);
    expect(first('StopInstances')).toBeGreaterThanOrEqual(0);
    expect(first('StopInstances')).toBeLessThan(first('StartInstances'));
    expect(first('CreateSnapshots')).toBeLessThan(first('DetachVolume'));
    const report = await catalogued(reportFailback(stage, await lastOperation('failback')));
    for (const { volume, changedBlocks, blocksMoved, contentMatches } of report.volumes)
      expect([volume, blocksMoved, contentMatches]).toEqual([volume, changedBlocks, true]);
    // By now a failback has measured what a cut-over is made of.
    const { pause = [] } = (await lastOperation('failback')).estimate ?? {};
    const unseen = pause.filter(({ measuredBy }) => measuredBy?.startsWith('failback-') !== true);
    expect(unseen.map(({ phase }) => phase)).toEqual(['last delta']);
    expect(await leftovers()).toEqual([]);
  });

  it('nothing was asked of the cloud that it does not model', () => expect(stage.cloud.notModelled).toEqual([]));
});
