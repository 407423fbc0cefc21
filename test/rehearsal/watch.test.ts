import { EC2Client, ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

let life: Life;
let stage: Stage;

/** The Region was lost while its servers went on, and recovery serves. */
beforeEach(async () => {
  life = await openLife({ seed: 23 });
  stage = life.stage;
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  await setSchedules(stage, 'protect', 'DISABLED');
  life.write(1);
  stage.cloud.faults.lose(home);
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
  expect(await state()).toMatchObject({ phase: 'recovered', fence: { status: 'owed' } });
});
afterEach(() => stage.close());

const home = shop.primary.region;
const minuteMs = 60_000;
const servers = Object.keys(shop.servers);
const payments = () => stage.executions('failback').filter(({ name }) => name.startsWith('fence-'));
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));
/** Subjects of what operations told, without what alarms did. */
const told = () => {
  const { messages } = stage.cloud.services(shop.recovery.region).sns;
  return messages.map(({ subject }) => subject).filter((subject) => subject?.startsWith('Homeward:'));
};
const states = () => {
  const { instances } = stage.cloud.services(home).ec2.state;
  return servers.map((server) => instances.get(stage.workload.instanceIn(home, server) ?? '')?.state);
};

async function protectFromStop(isOn: boolean): Promise<void> {
  const client = new EC2Client(stage.cloud.clientConfig(home));
  const request = { InstanceId: shop.servers['web']?.instance, DisableApiStop: { Value: isOn } };
  await stage.clock.settle(client.send(new ModifyInstanceAttributeCommand(request)));
}

describe('I1: an owed fence', () => {
  it('is paid within a minute of the Region’s return, and told; the way home then keeps and reports what had been written', async () => {
    await stage.clock.advance(10 * minuteMs);
    expect(payments()).toEqual([]);
    stage.cloud.faults.restore(home);
    expect(states()).toEqual(['running', 'running', 'running']);
    await stage.clock.advance(minuteMs);
    expect(states().filter((each) => each === 'running' || each === 'pending')).toEqual([]);
    await stage.clock.advance(5 * minuteMs);
    expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
    expect(payments().map(outcomeOf)).toMatchObject([{ status: 'SUCCEEDED' }]);
    expect(told().at(-1)).toBe('Homeward: payment of the owed fence of plan shop succeeded');
    expect(await state()).toMatchObject({ phase: 'recovered', lease: null, fence: { status: 'confirmed' } });
    life.write(1);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    // No schedule protects: the first point since the failover is begun all the same, by deltas, and only once.
    await stage.clock.advance(20 * minuteMs);
    const protection = stage.executions('protect').filter(({ name }) => name.startsWith('home-'));
    expect(protection.map(outcomeOf)).toMatchObject([{ status: 'SUCCEEDED' }]);
    const point = (await stage.clock.settle(stage.catalogue.points(shop.name))).at(-1);
    const images = Object.values(point?.servers ?? {}).flatMap(({ volumes }) => Object.values(volumes));
    expect(images.map(({ method }) => method)).toEqual(images.map(() => 'delta'));
    const operations = await stage.clock.settle(stage.catalogue.operations(shop.name));
    const unreplicated =
      operations.find(({ kind, extent }) => kind === 'failback' && extent === undefined)?.unreplicated ?? {};
    expect(Object.values(unreplicated).map(({ blocks }) => blocks)).toEqual([1, 1, 1, 1, 1, 1]);
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it('that cannot be paid is told, stays owed, and is tried again every half hour', async () => {
    stage.cloud.faults.restore(home);
    await protectFromStop(true);
    await stage.clock.advance(15 * minuteMs);
    expect(payments().map(outcomeOf)).toMatchObject([
      { error: 'FenceNotConfirmed', message: expect.stringContaining('could not be stopped (refusing)') },
    ]);
    expect(told().at(-1)).toBe('Homeward: payment of the owed fence of plan shop rolled-back');
    expect(await state()).toMatchObject({ phase: 'recovered', lease: null, fence: { status: 'owed' } });
    await stage.clock.advance(10 * minuteMs);
    expect(payments()).toHaveLength(1);
    await protectFromStop(false);
    await stage.clock.advance(10 * minuteMs);
    expect(payments().map(outcomeOf).at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it('is left to a failback that has begun', async () => {
    stage.cloud.faults.restore(home);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.advance(5 * minuteMs);
    expect(payments()).toEqual([]);
    expect(states()).toEqual(['running', 'running', 'running']);
  });

  it('can be paid by hand, once', async () => {
    await setSchedules(stage, 'measure', 'DISABLED');
    stage.cloud.faults.restore(home);
    const input = { plan: shop.name, fenceOnly: true };
    expect(outcomeOf(await life.run('failback', input))).toMatchObject({ status: 'SUCCEEDED' });
    expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
    expect(outcomeOf(await life.run('failback', input))).toMatchObject({
      error: 'WrongPhase',
      message: expect.stringContaining('owes no fence'),
    });
    const both = { ...input, estimateOnly: true };
    expect(outcomeOf(await life.run('failback', both))).toMatchObject({
      error: 'InvalidInput',
      message: expect.stringContaining('fenceOnly: cannot go with estimateOnly'),
    });
    expect(await state()).toMatchObject({ phase: 'recovered', fence: { status: 'confirmed' } });
  });
});
