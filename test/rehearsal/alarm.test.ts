import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stage } from '../../rehearsal/stage.ts';
import { openShop, protectNow, shop } from './shop-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(3);
});
afterEach(() => stage.close());

const minutes = 60_000;
const recovery = () => stage.cloud.services(shop.recovery.region);

/** A protected plan whose heartbeat has been arriving. */
async function protectedShop(): Promise<void> {
  await protectNow(stage);
  await stage.clock.advance(3 * minutes);
}

describe('automatic failover', () => {
  it('starts when the heartbeat stops with the Region, and needs nothing of it (I9)', async () => {
    await protectedShop();
    stage.cloud.faults.lose(shop.primary.region);
    const before = stage.cloud.record.calls.length;
    await stage.clock.run(() => stage.executions('failover').some(({ status }) => status === 'SUCCEEDED'));
    const operations = await stage.clock.settle(stage.catalogue.operations(shop.name));
    const failover = operations.find(({ kind }) => kind === 'failover');
    expect(failover).toMatchObject({ outcome: 'succeeded', trigger: expect.stringMatching(/^alarm /) });
    expect(failover?.rtoSeconds).toBeLessThan(shop.failover.rtoTargetSeconds);
    const answered = stage.cloud.record.calls
      .slice(before)
      .filter(({ region, outcome }) => region === shop.primary.region && outcome !== 'unanswered');
    expect(answered).toEqual([]);
  });

  it('starts once, however many copies of the event arrive', async () => {
    await protectedShop();
    recovery().eventbridge.deliveries = 3;
    stage.cloud.faults.lose(shop.primary.region);
    await stage.clock.run(() => stage.executions('failover').some(({ status }) => status !== 'RUNNING'));
    expect(stage.executions('failover').map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });

  it('does not start for an alarm that goes on because no heartbeat has arrived yet', async () => {
    await protectNow(stage);
    await stage.clock.advance(10 * minutes);
    const heartbeat = recovery().cloudwatch.transitions.filter(({ settings }) => settings.metric.name === 'Heartbeat');
    expect(heartbeat.some(({ state }) => state.value === 'ALARM')).toBe(true);
    expect(stage.executions('failover')).toEqual([]);
  });

  it('does not start a second time while production runs in the recovery Region', async () => {
    await protectedShop();
    await stage.run('failover');
    await stage.clock.advance(30 * minutes);
    expect(stage.executions('failover')).toHaveLength(1);
  });

  it('I6: takes the plan from a protect run, whose point does not become available', async () => {
    await protectedShop();
    const isRunning = ({ status }: { status: string }) => status === 'RUNNING';
    await stage.clock.run(() => stage.executions('protect').some(isRunning));
    await stage.clock.advance(10_000);
    const [running] = stage.executions('protect').filter(isRunning);
    if (running === undefined) throw new Error('a protect run must be under way');
    expect((await stage.run('failover')).status).toBe('SUCCEEDED');
    await stage.clock.run(() => running.status !== 'RUNNING');
    expect(running).toMatchObject({ status: 'FAILED', error: 'StaleEpoch' });
    const points = await stage.clock.settle(stage.catalogue.points(shop.name));
    expect(points.map(({ status }) => status)).toContain('failed');
    const state = await stage.clock.settle(stage.catalogue.state(shop.name));
    expect(state).toMatchObject({ activeSite: 'recovery', lease: null });
  });
});
