import { DeleteSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { openShop, protectNow, setSchedules, shop } from './shop-stage.ts';

const home = shop.primary.region;
const away = shop.recovery.region;
const minuteMs = 60_000;

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(71);
  await setSchedules(stage, 'protect', 'DISABLED');
});
afterEach(() => {
  expect(stage.cloud.notModelled).toEqual([]);
  stage.close();
});

const told = () =>
  stage.cloud.services(away).sns.messages.filter(({ message }) => message.includes('Not ready to fail over'));

async function status(): Promise<string> {
  const lines: string[] = [];
  await stage.clock.settle(
    showStatus(
      stage.console((line) => lines.push(line)),
      shop,
    ),
  );
  return lines.join('\n');
}

const look = () => stage.clock.advance(35 * minuteMs);
/** Until the next look, and the whole period of its alarm after it. */
const lookLong = () => stage.clock.advance(125 * minuteMs);

describe('readiness', () => {
  it('is looked at every half hour: nothing protected is told, and its end too', async () => {
    expect(await status()).toContain('readiness: nobody has looked yet');
    await lookLong();
    expect(await status()).toMatch(/readiness at .*: a failover would stop at its preflight; RTO not known/);
    expect(await status()).toContain('in the way: it has no available recovery point');
    expect(told().length).toBe(1);
    const [data] = stage.cloud.services(home).ec2.state.volumesOf(shop.servers['db']?.instance ?? '');
    Object.assign(data ?? {}, { volumeType: 'io2', iops: 200, throughput: undefined });
    await protectNow(stage);
    await lookLong();
    expect(await status()).toMatch(/readiness at .*: ready; RTO not measured/);
    expect(told().length).toBe(2);
    // Three servers of two vCPUs each, whatever there is of others: four of somebody's run there.
    const { ec2 } = stage.cloud.services(away);
    const subnet = Object.values(shop.recovery.subnets)[0] ?? '';
    ec2.addInstance({ subnet, instanceType: 'm7i.xlarge' });
    const spot = ec2.addInstance({ subnet, instanceType: 'm7i.xlarge' });
    ec2.setPurchase(spot.id, { InstanceLifecycle: 'spot' });
    ec2.state.quotas.give('L-1216C47A', 9);
    ec2.state.quotas.give('L-7A658B76', 0.02);
    ec2.state.quotas.give('L-8D977E7E', 100);
    await lookLong();
    const vcpus =
      'quota L-1216C47A of eu-central-1 (vCPUs of running On-Demand standard instances) is 9 vCPUs, of which 4 are in use and 6 more are needed: ask AWS for 10 at least';
    expect(await status()).toMatch(/readiness at .*: a failover would find no room for all servers/);
    expect(await status()).toContain(`too small: ${vcpus}`);
    expect(await status()).toContain(
      'too small: quota L-7A658B76 of eu-central-1 (storage of gp3 volumes) is 0.02 TiB',
    );
    const iops =
      'quota L-8D977E7E of eu-central-1 (IOPS of io2 volumes) is 100 IOPS, of which 0 are in use and 200 more';
    expect(await status()).toContain(`too small: ${iops}`);
    expect(told().length).toBe(3);
    // It is no reason not to try: what is refused then is asked for again, and may have been given by then.
    expect((await stage.run('failover', { plan: shop.name, dryRun: true })).status).toBe('SUCCEEDED');
    const [dryRun] = await stage.clock.settle(stage.catalogue.moves(shop.name));
    const warned = [vcpus, 'L-7A658B76', iops].map((words): unknown => expect.stringContaining(words));
    expect(dryRun?.warnings).toEqual(expect.arrayContaining(warned));
    expect(dryRun?.warnings).toHaveLength(3);
    // What AWS does not tell takes nothing from what it does.
    ec2.state.quotas.untold.add('L-1216C47A');
    await look();
    expect(await status()).toMatch(/too small: quota L-7A658B76/);
    expect(await status()).toContain(
      'not known: quotas of eu-central-1 could not be looked at: Cannot read quota L-1216C47A: AWS answered without its value, DEPENDENCY_SERVICE_ERROR',
    );
    ec2.state.quotas.untold.clear();
    ec2.state.quotas.give('L-1216C47A', 10);
    ec2.state.quotas.give('L-7A658B76', undefined);
    ec2.state.quotas.give('L-8D977E7E', undefined);
    // A look that fails is no readiness, and no end of what was found before.
    const lost = stage.cloud.faults.add({ kind: 'refused', service: 'servicequotas', times: 100 });
    await lookLong();
    expect(await status()).toMatch(/readiness at .*: not known, not all could be looked at/);
    expect(await status()).toMatch(
      /not known: quotas of eu-central-1 could not be .*: Cannot read quota .*; nor could 3/,
    );
    expect(told().length).toBe(3);
    lost.remove();
    await lookLong();
    expect(await status()).toMatch(/readiness at .*: ready/);
    expect(await status()).not.toMatch(/not known|too small/);
    expect(told().length).toBe(4);
  });

  it('finds what the preflight of a failover would, by name, and touches nothing', async () => {
    const { iam } = stage.cloud.services(home);
    for (const name of ['db', 'files', 'web']) {
      const server = stage.cloud.services(home).ec2.state.instances.get(shop.servers[name]?.instance ?? '');
      if (server === undefined) throw new Error(`there is no ${name}`);
      server.request.IamInstanceProfile = { Arn: iam.addInstanceProfile({ name }) };
      if (name !== 'files') server.request.KeyName = 'operators';
    }
    await protectNow(stage);
    const key = shop.recovery.key ?? '';
    stage.cloud.services(away).ec2.state.keys.change(key, { state: 'PendingDeletion' });
    iam.removeInstanceProfile('db');
    iam.addInstanceProfile({ name: 'files', path: '/other/' });
    iam.addInstanceProfile({ name: 'web', hasRole: false });
    const late = stage.cloud.faults.add({ kind: 'answer-late', service: 'iam', times: 1_000 });
    const slow = {
      kind: 'answer-late',
      operation: 'DescribeInstances',
      caller: 'WatchReadiness',
      times: 1_000,
    } as const;
    const crowd = stage.cloud.faults.add(slow);
    const [point] = await stage.clock.settle(stage.catalogue.points(shop.name));
    const copy = point?.servers['db']?.volumes['/dev/sdf']?.copy ?? '';
    const ec2 = new EC2Client(stage.cloud.clientConfig(away));
    await stage.clock.settle(ec2.send(new DeleteSnapshotCommand({ SnapshotId: copy })));
    const before = stage.cloud.record.calls.length;
    await look();
    expect(await status()).toContain(`in the way: snapshot ${copy} is gone`);
    expect(await status()).toMatch(
      /in the way: key pair operators of server db, web does not exist in eu-central-1: import its public key there/,
    );
    expect(await status()).toContain(
      `in the way: key ${key} of the copies of server files is going to be deleted: cancel that, and enable it`,
    );
    expect(await status()).toContain(
      'not known: instance profiles could not be looked at: Cannot read instance profile',
    );
    // That there is none of db was answered in time, and is kept.
    expect((await status()).match(/in the way: instance profile \S+/g)).toEqual([expect.stringMatching(/\/db$/)]);
    // What takes longer than all of it is worth is given up, before the SDK has tried for the third time.
    expect(await status()).toMatch(
      /not known: quotas of eu-central-1 could not be looked at: Cannot describe instances/,
    );
    const slowly = await stage.clock.settle(stage.catalogue.readiness(shop.name));
    expect(Date.parse(slowly?.at ?? '') % (30 * minuteMs)).toBeLessThan(25_000);
    late.remove();
    crowd.remove();
    await look();
    expect(await status()).not.toContain('could not be looked at');
    for (const server of ['db', 'files'])
      expect(await status()).toMatch(
        new RegExp(`in the way: instance profile arn:\\S+/${server} of server ${server} does not exist: create it`),
      );
    expect(await status()).toMatch(/in the way: instance profile arn:\S+\/web of server web has no role: give it one/);
    const calls = stage.cloud.record.calls.slice(before).filter(({ role }) => role?.includes('WatchReadiness'));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter(({ region }) => region === home)).toEqual([]);
    const changes = calls.filter(({ operation }) => !/^(Describe|Get|Query|List)/.test(operation));
    expect(new Set(changes.map(({ operation }) => operation))).toEqual(new Set(['UpdateItem', 'PutMetricData']));
  });

  it('predicts how long a failover takes by the phases of the last drill and failover, and says what is assumed', async () => {
    await protectNow(stage);
    stage.cloud.services(away).ec2.timings.serviceStartMs = 7 * minuteMs;
    // Two waves, each of which takes seven minutes and more to answer.
    await stage.run('failover', { plan: shop.name, drill: true });
    await look();
    const found = await stage.clock.settle(stage.catalogue.readiness(shop.name));
    const [drill] = await stage.clock.settle(stage.catalogue.operationsOf(shop.name, 'drill'));
    expect(drill?.rtoSeconds).toBeGreaterThan(2 * 7 * 60);
    // A drill neither stops servers, for which two minutes are assumed, nor changes records, for which a minute is.
    expect(found?.rtoSeconds).toBeCloseTo((drill?.rtoSeconds ?? 0) + 120 + 60, 3);
    expect(found?.rtoPhases.filter(({ measuredBy }) => measuredBy === null)).toEqual([
      { phase: 'fence', seconds: 120, measuredBy: null },
      { phase: 'traffic', seconds: 60, measuredBy: null },
    ]);
    expect(new Set(found?.rtoPhases.map(({ measuredBy }) => measuredBy))).toEqual(new Set([drill?.id, null]));
    expect(await status()).toContain(`RTO about ${Math.ceil((found?.rtoSeconds ?? 0) / 60)} minutes`);
    expect(await status()).toMatch(
      /RTO by phase: preflight \d+ s \(drill-\S+\), fence 120 s \(assumed\), launch of wave 1/,
    );
    stage.cloud.services(away).ec2.timings.serviceStartMs = minuteMs;
    await stage.run('failover', { plan: shop.name });
    const [failover] = await stage.clock.settle(stage.catalogue.moves(shop.name));
    const times = await stage.clock.settle(stage.catalogue.phaseTimes(shop.name));
    expect(new Set(times.map(({ operation }) => operation))).toEqual(new Set([failover?.id]));
    expect(times.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(failover?.rtoSeconds ?? 0, 3);
    // Away from home there is no point to look at, nor what its groups would hold.
    await look();
    expect((await stage.clock.settle(stage.catalogue.readiness(shop.name)))?.rtoSeconds).toBeNull();
  });
});
