import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, openShop, outcomeOf, protectNow, setSchedules, shop } from './shop-stage.ts';

let stage: Stage;
let before: Set<string>;
beforeEach(async () => {
  stage = await openShop(9);
  before = new Set(inventory(stage));
  await protectNow(stage);
});
afterEach(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));

/** The web server that DNS leads to, in whichever Region. */
function served(): { region: string; serving: boolean } | undefined {
  const address = stage.cloud.services(away).route53.resolve('shop.example.com', 'A')?.values[0] ?? '';
  const region = [home, away].find((each) => ec2(each).instanceAt(address) !== undefined);
  return region === undefined ? undefined : { region, serving: ec2(region).instanceAt(address)?.serving === true };
}

async function failover() {
  const [operation] = (await stage.clock.settle(stage.catalogue.operations(shop.name))).filter(
    ({ kind }) => kind === 'failover',
  );
  return operation;
}

describe('I5: a failover that cannot be finished', () => {
  const cases: [string, () => void, string, RegExp][] = [
    [
      'for want of capacity in the second wave',
      () => ec2(away).setCapacity(`${away}a`, 't3.medium', false),
      'LaunchFailed',
      /InsufficientInstanceCapacity/,
    ],
    [
      'because Route 53 refuses the change of traffic',
      () => stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', times: 1 }),
      'AwsRefused',
      /switch shop\.example\.com/,
    ],
  ];
  for (const [name, hinder, error, message] of cases) {
    it(`${name} ends rolled back: the primary serves again, nothing is left over, and it can be tried again`, async () => {
      hinder();
      const ended = outcomeOf(await stage.run('failover'));
      expect(ended).toMatchObject({ status: 'FAILED', error, message: expect.stringMatching(message) });
      expect(await failover()).toMatchObject({ outcome: 'rolled-back', committedAt: null });
      expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', fence: null, lease: null });
      await stage.clock.advance(180_000);
      expect(served()).toEqual({ region: home, serving: true });
      expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
      ec2(away).setCapacity(`${away}a`, 't3.medium', true);
      expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
      await stage.clock.advance(60_000);
      expect(served()).toEqual({ region: away, serving: true });
    });
  }
});

describe('a wave of which one server cannot be launched', () => {
  it('is undone once the others of it are up, under the name of what went wrong', async () => {
    // Refused, which nobody waits for: it fails long before the other server runs.
    stage.cloud.faults.add({ kind: 'refused', operation: 'RunInstances', times: 1 });
    const execution = await stage.run('failover');
    expect(outcomeOf(execution)).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    const { broughtUp = {}, servers = {} } = (await failover()) ?? {};
    const failed = Object.keys(broughtUp).filter((server) => broughtUp[server]?.failure !== null);
    const up = Object.keys(broughtUp).filter((server) => broughtUp[server]?.failure === null);
    expect([failed.length, up.length, Object.keys(servers)]).toEqual([1, 1, expect.arrayContaining(['db', 'files'])]);
    expect(broughtUp[failed[0] ?? '']?.failure).toMatchObject({ code: 'AwsRefused' });
    const undoneAt = execution.history.find(({ state: at }) => at?.name === 'Undo: begin')?.at ?? 0;
    expect(undoneAt).toBeGreaterThan(Date.parse(broughtUp[up[0] ?? '']?.at ?? ''));
    expect(isEntered(execution, 'Switch traffic')).toBe(false);
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('is undone as well where no step could say why', async () => {
    stage.cloud.faults.add({ kind: 'crash-before', caller: 'FailoverLaunch', skip: 12, times: 200 });
    const ended = outcomeOf(await stage.run('failover'));
    expect(ended).toMatchObject({ error: 'LaunchFailed', message: expect.stringMatching(/^Bringing up .+ broke off/) });
    await stage.clock.advance(180_000);
    expect(served()).toEqual({ region: home, serving: true });
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
  });
});

describe('a failover whose servers are ready', () => {
  it('waits for Route 53 instead of taking them down', async () => {
    stage.cloud.faults.lose(home);
    stage.cloud.faults.add({ kind: 'server-error', operation: 'ChangeResourceRecordSets', times: 60 });
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    await stage.clock.advance(60_000);
    expect(served()).toEqual({ region: away, serving: true });
  });
});

describe('a failover whose commit loses every answer', () => {
  it('has committed all the same: it is not undone, and its operation says succeeded', async () => {
    // Its fifth call is the write to the plan's state; every repeat dies as well.
    stage.cloud.faults.add({ kind: 'crash-after', caller: 'FailoverCommit', skip: 4, times: 99 });
    const ended = outcomeOf(await stage.run('failover'));
    expect(ended.status).toBe('FAILED');
    expect(await failover()).toMatchObject({ outcome: 'succeeded' });
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
    await stage.clock.advance(60_000);
    expect(served()).toEqual({ region: away, serving: true });
  });
});

describe('I11: an execution that somebody stops', () => {
  const stop = (execution: Execution) => stage.clock.settle(stage.stop(execution));

  it('in the middle of a failover is undone by itself, once the primary answers, and somebody is told', async () => {
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Health'));
    stage.cloud.faults.lose(home);
    await stop(execution);
    await stage.clock.run(() => stage.executions('failover').length === 2);
    await stage.clock.advance(1_500_000);
    stage.cloud.faults.restore(home);
    await stage.clock.run(() => stage.executions('failover').every(({ status }) => status !== 'RUNNING'));
    expect(await failover()).toMatchObject({ outcome: 'rolled-back' });
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', lease: null });
    expect(stage.cloud.services(away).sns.messages.at(-1)).toMatchObject({
      subject: 'Homeward: failover of plan shop rolled-back',
      message: expect.stringContaining('was stopped before it had ended'),
    });
    await stage.clock.advance(180_000);
    expect(served()).toEqual({ region: home, serving: true });
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('in the cut-over of a failback, while the Region at home falls silent, leaves recovery serving and originals as they were', async () => {
    await stage.run('failover');
    const execution = stage.start('failback');
    await stage.clock.run(() => isEntered(execution, 'Switch traffic'));
    stage.cloud.faults.lose(home);
    await stop(execution);
    await stage.clock.run(() => stage.executions('failback').length === 2);
    await stage.clock.run(() => stage.executions('failback').every(({ status }) => status !== 'RUNNING'));
    await stage.clock.advance(180_000);
    expect(served()).toEqual({ region: away, serving: true });
    stage.cloud.faults.restore(home);
    // The payment of the fence, and then what was swapped.
    await stage.clock.run(() => stage.executions('failback').length === 3);
    await stage.clock.run(() => stage.executions('failback').every(({ status }) => status !== 'RUNNING'));
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
  });

  it('cannot be undone while it runs', async () => {
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Fence'));
    const undo = { plan: 'shop', undo: `failover-${execution.name}` };
    expect(outcomeOf(await stage.run('failover', undo))).toMatchObject({ error: 'OperationAlreadyRunning' });
    expect((await stage.clock.settle(stage.states.ended(execution.arn))).status).toBe('SUCCEEDED');
    expect(outcomeOf(await stage.run('failover', undo))).toMatchObject({ error: 'WrongPhase' });
  });
});

describe('I1: the fence', () => {
  it('of a primary that refuses to stop its servers is owed, and the failover goes on', async () => {
    stage.cloud.faults.add({ kind: 'refused', operation: 'StopInstances', region: home, times: 99 });
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'owed' } });
  });

  it('is not confirmed by a Region that does not describe the servers', async () => {
    for (const server of Object.values(shop.servers)) ec2(home).state.instances.delete(server.instance);
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'owed' } });
  });

  it('that had stopped servers before the primary fell silent is taken back when it can be', async () => {
    ec2(home).timings.instanceStoppingMs = 5_000_000;
    ec2(away).setCapacity(`${away}a`, 't3.medium', false);
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'FAILED', error: 'LaunchFailed' });
    await stage.clock.advance(3_600_000);
    expect(served()).toEqual({ region: home, serving: true });
    expect(await state()).toMatchObject({ phase: 'protected', fence: null });
  });
});

describe('I5: a failback whose undo fails as well', () => {
  it('is undone once more, when a person asks for it, and what could not start serves again', async () => {
    const { keys } = ec2(away).state;
    const setKeys = (isUsable: boolean) => keys.arns.forEach((arn) => keys.enable(arn, isUsable));
    await stage.runUnskipped('failover');
    await setSchedules(stage, 'protect', 'DISABLED');
    const restored = new Set(inventory(stage));
    const execution = stage.start('failback');
    await stage.clock.run(() => isEntered(execution, 'Final round: wait'));
    setKeys(false);
    await stage.clock.run(() => execution.status !== 'RUNNING');
    const failback = (await stage.clock.settle(stage.catalogue.moves(shop.name))).find(
      ({ kind }) => kind === 'failback',
    );
    expect(failback).toMatchObject({ outcome: 'failed', cause: expect.stringContaining('The undo failed too') });
    expect(failback?.cause).toContain(JSON.stringify({ plan: shop.name, undo: failback?.id }));
    setKeys(true);
    // Nobody knows which side serves: nothing is brought home meanwhile.
    await stage.run('protect');
    const runs = await stage.clock.settle(stage.catalogue.operations(shop.name));
    expect(runs.filter(({ extent }) => extent === 'reverse')).toEqual([]);
    await stage.run('failback', { plan: shop.name, undo: failback?.id });
    await stage.clock.advance(180_000);
    expect(await stage.clock.settle(stage.catalogue.operation(shop.name, failback?.id ?? ''))).toMatchObject({
      outcome: 'rolled-back',
    });
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
    expect(served()).toEqual({ region: away, serving: true });
    expect(await stage.clock.settle(findLeftovers(stage, restored))).toEqual([]);
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
  });
});

describe('I8: a failback that could not record what it built', () => {
  it('leaves none of its volumes behind', async () => {
    await stage.runUnskipped('failover');
    const restored = new Set(inventory(stage));
    // The first write after a volume was built is the one that records it.
    const end = stage.cloud.record.watch(({ operation }) => {
      if (operation !== 'CreateVolume') return;
      end();
      stage.cloud.faults.add({ kind: 'refused', operation: 'UpdateItem', caller: 'FailbackRebuild', times: 1 });
    });
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    const built = stage.cloud.record.calls.filter(({ operation }) => operation === 'CreateVolume');
    expect(built.length).toBeGreaterThan(0);
    await stage.clock.advance(180_000);
    expect(await stage.clock.settle(findLeftovers(stage, restored))).toEqual([]);
  });
});
