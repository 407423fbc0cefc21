import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOperation, showStatus } from '../../lib/cli/operations.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const home = shop.primary.region;
const away = shop.recovery.region;
const minuteMs = 60_000;

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openLife({ seed: 61 });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  life.write(1);
});
afterEach(async () => {
  await life.rest();
  // Nothing is left over, and nothing of a drill touched production: the checkers have looked on all along.
  expect(await life.broken()).toEqual([]);
  stage.close();
});

const drilling = (more: object = {}) => ({ plan: shop.name, drill: true, ...more });
const drill = (more: object = {}) => stage.run('failover', drilling(more));
const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const points = () => settle(stage.catalogue.points(shop.name));
const state = () => settle(stage.catalogue.state(shop.name));
const drills = () => settle(stage.catalogue.operationsOf(shop.name, 'drill'));
const launched = () => [...stage.cloud.services(away).ec2.state.instances.values()];
const storedGib = () =>
  [...stage.cloud.services(home).ec2.state.volumes.values()].reduce((sum, { content }) => sum + content.sizeGib, 0);
const running = () => launched().filter((instance) => instance.state === 'running');

async function ended(execution: Execution) {
  await settle(stage.states.ended(execution.arn));
  return outcomeOf(execution);
}

async function printed(work: (console: ReturnType<Stage['console']>) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  await settle(work(stage.console((line) => lines.push(line))).then(() => undefined));
  return lines;
}

describe('I10: a drill', () => {
  it('launches every server in its own network, verifies the point, and takes everything down again', async () => {
    const before = stage.cloud.record.calls.length;
    expect(outcomeOf(await drill())).toMatchObject({ status: 'SUCCEEDED' });
    const calls = stage.cloud.record.calls.slice(before);
    expect(calls.filter(({ region, role }) => region === home && role?.includes('Failover')).length).toBe(0);
    expect(launched().map(({ interfaces }) => interfaces[0].subnetId)).toEqual(
      Array(3).fill('subnet-0d10000000000000d'),
    );
    expect(running()).toEqual([]);
    const [point] = await points();
    const [operation] = await drills();
    expect(operation).toMatchObject({ kind: 'drill', outcome: 'succeeded', cause: null, recoveryPoint: point?.id });
    expect(point).toMatchObject({ verifiedAt: expect.any(String), pins: [operation?.id] });
    // Two waves of servers that boot within minutes and are probed once a service answers.
    expect(operation?.rtoSeconds).toBeGreaterThan(60);
    expect(operation?.rtoSeconds).toBeLessThan(shop.failover.rtoTargetSeconds);
    expect(stage.cloud.services(away).sns.messages.at(-1)?.subject).toBe('Homeward: drill of plan shop succeeded');
  });

  it('goes on beside protection, which skips no tick for it', async () => {
    const execution = stage.start('failover', drilling());
    await stage.clock.run(() => isEntered(execution, 'Health'));
    expect(outcomeOf(await stage.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(execution.status).toBe('RUNNING');
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'available']);
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await points()).map(({ verifiedAt }) => verifiedAt !== undefined)).toEqual([true, false]);
  });

  it('makes room for a failover, which waits for nothing', async () => {
    const execution = stage.start('failover', drilling());
    await stage.clock.run(() => isEntered(execution, 'Health'));
    stage.cloud.faults.lose(home);
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(execution)).toMatchObject({ status: 'FAILED', error: 'DrillOvertaken' });
    expect(running()).toHaveLength(3);
    expect(
      running().every(({ interfaces }) => interfaces[0].subnetId === Object.values(shop.recovery.subnets)[0]),
    ).toBe(true);
    expect((await drills()).map(({ outcome }) => outcome)).toEqual(['rolled-back']);
    stage.cloud.faults.restore(home);
  });

  it('whose servers never become healthy says so, verifies nothing, and is taken down', async () => {
    stage.cloud.services(away).ec2.timings.serviceStartMs = 20 * 86_400_000;
    expect(outcomeOf(await drill())).toMatchObject({ status: 'FAILED', error: 'WaveUnhealthy' });
    expect(running()).toEqual([]);
    const [point] = await points();
    expect(point).toMatchObject({ pins: [] });
    expect(point?.verifiedAt).toBeUndefined();
    const [operation] = await drills();
    expect(operation).toMatchObject({ outcome: 'rolled-back', rtoSeconds: null });
    expect(operation?.cause).toContain('does not accept TCP');
    stage.cloud.services(away).ec2.timings.serviceStartMs = 1_000;
  });

  it('that is stopped is taken down all the same, by an execution of its own', async () => {
    const execution = stage.start('failover', drilling());
    await stage.clock.run(() => isEntered(execution, 'Health'));
    await settle(stage.stop(execution));
    expect(running().length + launched().filter((instance) => instance.state === 'pending').length).toBeGreaterThan(0);
    await life.rest();
    expect(running()).toEqual([]);
    expect(await drills()).toMatchObject([{ outcome: 'rolled-back', cause: expect.stringContaining('was stopped') }]);
    expect(outcomeOf(await drill())).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('that cannot be taken down is told, and is taken down when somebody asks for it later', async () => {
    const rule = { kind: 'refused', operation: 'TerminateInstances', caller: 'DrillTakeDown', times: 9_999 } as const;
    const { remove } = stage.cloud.faults.add(rule);
    expect(outcomeOf(await drill())).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    remove();
    const [left] = await drills();
    expect(left).toMatchObject({ outcome: 'failed' });
    expect(running()).toHaveLength(3);
    const again = await stage.run('failover', { plan: shop.name, undo: left?.id });
    expect(outcomeOf(again)).toMatchObject({ status: 'FAILED', error: 'Stopped' });
    expect(running()).toEqual([]);
    expect(await drills()).toMatchObject([{ outcome: 'rolled-back' }]);
  });

  it('goes on beside a dry run, which moves nothing and counts on the room that the drill would make', async () => {
    const { quotas } = stage.cloud.services(away).ec2.state;
    // Three servers of two vCPUs each, and their volumes: all of it is taken by the drill of the last wave.
    quotas.give('L-1216C47A', 6);
    quotas.give('L-7A658B76', storedGib() / 1_024);
    const execution = stage.start('failover', drilling());
    await stage.clock.run(() => isEntered(execution, 'Health') && running().length === 3);
    const dryRun = stage.start('failover', { plan: shop.name, dryRun: true });
    await stage.clock.run(() => isEntered(dryRun, 'Preflight'));
    expect(await ended(dryRun)).toMatchObject({ status: 'SUCCEEDED' });
    const [moved] = await settle(stage.catalogue.moves(shop.name));
    expect(moved?.warnings ?? []).toEqual([]);
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('tells both causes where it failed and cannot be taken down either', async () => {
    stage.cloud.services(away).ec2.timings.serviceStartMs = 20 * 86_400_000;
    const rule = { kind: 'refused', operation: 'TerminateInstances', caller: 'DrillTakeDown', times: 9_999 } as const;
    const { remove } = stage.cloud.faults.add(rule);
    expect(outcomeOf(await drill())).toMatchObject({ status: 'FAILED', error: 'WaveUnhealthy' });
    const [left] = await drills();
    expect(left).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('does not accept TCP') });
    expect(left?.cause).toContain('The undo failed too: AwsRefused');
    remove();
    await stage.run('failover', { plan: shop.name, undo: left?.id });
    expect(running()).toEqual([]);
    stage.cloud.services(away).ec2.timings.serviceStartMs = 1_000;
  });

  it('is refused where its subnets are in the network to which servers are recovered', async () => {
    const { subnets } = stage.cloud.services(away).ec2.state;
    const drilled = subnets.get('subnet-0d10000000000000d');
    if (drilled !== undefined) Object.assign(drilled, { vpcId: 'vpc-0' });
    expect(outcomeOf(await drill())).toMatchObject({
      error: 'PreflightFailed',
      message: expect.stringContaining('subnet-0d10000000000000d is in vpc-0, to which servers are recovered'),
    });
    expect(launched()).toEqual([]);
  });

  it('begins only while nothing moves the plan, only one at a time, and only in a plan that has a place for it', async () => {
    const execution = stage.start('failover', drilling());
    await stage.clock.run(() => isEntered(execution, 'Preflight'));
    expect(outcomeOf(await drill())).toMatchObject({
      error: 'OperationAlreadyRunning',
      message: expect.stringContaining(`drill-${execution.name} is under way`),
    });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(outcomeOf(await drill({ recoveryPoint: 'rp-20200101T000000Z-aaaaaa' }))).toMatchObject({
      error: 'UnknownRecoveryPoint',
    });
    expect(outcomeOf(await drill({ planned: true }))).toMatchObject({ error: 'InvalidInput' });
    const moving = stage.start('failover');
    await stage.clock.run(() => isEntered(moving, 'Fence'));
    expect(outcomeOf(await drill())).toMatchObject({
      error: 'WrongPhase',
      message: expect.stringContaining('Drill once the operation has ended. Nothing was changed.'),
    });
    expect(outcomeOf(await drill({ trigger: 'schedule' }))).toMatchObject({ error: 'WrongPhase' });
    const { subject, message } = stage.cloud.services(away).sns.messages.at(-1) ?? {};
    expect(subject).toBe('Homeward: drill of plan shop did not begin');
    expect(message).toContain('its phase is failing-over');
    expect(await ended(moving)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('begins by itself once in so many hours', async () => {
    await setSchedules(stage, 'measure', 'DISABLED');
    await setSchedules(stage, 'drill', 'ENABLED', 'rate(2 hours)');
    await stage.clock.advance(150 * minuteMs);
    const [operation, ...others] = await drills();
    expect(operation).toMatchObject({ trigger: 'schedule', outcome: 'succeeded' });
    expect(others).toEqual([]);
  });
});

describe('a point that a drill has verified', () => {
  it('is what latest-verified means, and stays until a newer one is verified', async () => {
    expect(
      outcomeOf(await stage.run('failover', { plan: shop.name, recoveryPoint: 'latest-verified', dryRun: true })),
    ).toMatchObject({
      error: 'RecoveryPointNotAvailable',
      message: expect.stringContaining('No available recovery point of plan shop was verified by a drill.'),
    });
    await drill();
    const [verified] = await points();
    for (let count = 0; count < shop.protection.retention.latest + 2; count += 1) await life.run('protect');
    const kept = await points();
    expect(kept.map(({ id }) => id)).toContain(verified?.id);
    expect(kept).toHaveLength(shop.protection.retention.latest + 1);
    await stage.run('failover', { plan: shop.name, recoveryPoint: 'latest-verified', dryRun: true });
    const dryRun = (await settle(stage.catalogue.moves(shop.name))).find(({ outcome }) => outcome === 'succeeded');
    expect(dryRun?.recoveryPoint).toBe(verified?.id);
    await drill();
    await life.run('protect');
    const ids = (await points()).map(({ id }) => id);
    expect(ids).not.toContain(verified?.id);
    expect((await state()).phase).toBe('protected');
  });

  it('is told at the command line, with how long its servers took', async () => {
    const lines = await printed((console) =>
      runOperation(console, { kind: 'drill', plan: shop, input: { drill: true, recoveryPoint: 'latest' } }),
    );
    expect(lines).toEqual(expect.arrayContaining(['preflight', 'taking down', 'drill of plan shop succeeded']));
    const [operation] = await drills();
    const status = await printed((console) => showStatus(console, shop));
    expect(status).toContain(
      `drill of ${operation?.startedAt}: succeeded; ${operation?.recoveryPoint} verified, all servers healthy after ${Math.round(operation?.rtoSeconds ?? 0)} s`,
    );
  });
});
