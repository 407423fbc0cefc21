import { afterEach, describe, expect, it } from 'vitest';
import { showStatus, switchAutomatic } from '../../lib/cli/operations.ts';
import type { AutomaticFailover, Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, isEntered, openLife, protectNow, shop } from './shop-stage.ts';

/** The shop, whose failovers wait ten minutes for a veto, and want a point of the last hour. */
const careful: Plan = {
  ...shop,
  failover: {
    ...shop.failover,
    automatic: {
      ...(shop.failover.automatic as AutomaticFailover),
      cancelWindowSeconds: 600,
      pointAgeSecondsMax: 3_600,
    },
  },
};
const minutes = 60_000;
const home = shop.primary.region;

const assembly = assemblyOf(careful);

let life: Life;
let stage: Stage;
/** A protected plan whose heartbeat has been arriving. */
async function open(): Promise<void> {
  life = await openLife({ plan: careful, seed: 23, assembly: assembly() });
  stage = life.stage;
  await protectNow(stage);
  await stage.clock.advance(3 * minutes);
}
afterEach(async () => {
  expect(await life.broken()).toEqual([]);
  stage.close();
});

const failovers = () => stage.executions('failover');
const told = () => stage.cloud.services(shop.recovery.region).sns.messages;
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));
const waiting = () => stage.clock.run(() => isEntered(failovers().at(-1), 'Veto: wait'));

describe('a failover that an alarm starts', () => {
  it('tells people when it begins and how to call it off, holds nothing meanwhile, and begins then', async () => {
    await open();
    stage.cloud.faults.lose(home);
    await waiting();
    const [execution] = failovers();
    const begins = (execution?.startedAt ?? 0) + 10 * minutes;
    const notice = told().at(-1);
    expect(notice?.subject).toBe(
      `Homeward: plan shop fails over at ${JSON.parse(execution?.input ?? '{}').alarm.cancelUntil}`,
    );
    expect(notice?.message).toContain(
      `stop-execution --region ${shop.recovery.region} --execution-arn ${execution?.arn}`,
    );
    await stage.clock.advance(9 * minutes);
    expect(await state()).toMatchObject({
      phase: 'protected',
      lease: expect.toSatisfy((lease: { kind: string } | null) => lease?.kind !== 'failover'),
    });
    await stage.clock.run(() => failovers().some(({ status }) => status !== 'RUNNING'));
    expect(failovers().map(({ status }) => status)).toEqual(['SUCCEEDED']);
    const launched = stage.cloud.record.calls.find(({ operation }) => operation === 'RunInstances')?.at ?? 0;
    expect(launched).toBeGreaterThan(begins - 1_000);
    expect(launched).toBeLessThan(begins + 3 * minutes);
    await life.rest();
  });

  it('is called off by stopping its execution', async () => {
    await open();
    const calls = stage.cloud.record.calls.length;
    stage.cloud.faults.lose(home);
    await waiting();
    const [execution] = failovers();
    if (execution === undefined) throw new Error('must wait');
    await stage.clock.settle(stage.stop(execution));
    await stage.clock.advance(15 * minutes);
    expect(failovers().map(({ status }) => status)).toEqual(['ABORTED']);
    stage.cloud.faults.restore(home);
    await stage.clock.advance(5 * minutes);
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary' });
    const changed = stage.cloud.record.calls
      .slice(calls)
      .filter(({ operation }) => /^(StopInstances|RunInstances|ChangeResourceRecordSets)$/.test(operation));
    expect(changed).toEqual([]);
    await life.rest();
  });

  it('calls itself off when the heartbeat is back in time, and says so', async () => {
    await open();
    stage.cloud.faults.lose(home);
    await waiting();
    stage.cloud.faults.restore(home);
    await stage.clock.run(() => failovers().every(({ status }) => status !== 'RUNNING'));
    expect(failovers().map(({ status }) => status)).toEqual(['SUCCEEDED']);
    expect(isEntered(failovers()[0], 'Open')).toBe(false);
    expect(told().at(-1)).toMatchObject({
      subject: 'Homeward: failover of plan shop called off',
      message: expect.stringMatching(/^No failover was made: alarm \S+ is OK by now\.$/),
    });
    await life.rest();
  });

  it('waits once, however many copies of the event arrive, and however late', async () => {
    await open();
    stage.cloud.services(shop.recovery.region).eventbridge.deliveries = 3;
    stage.cloud.faults.lose(home);
    await waiting();
    await stage.clock.run(() => failovers().every(({ status }) => status !== 'RUNNING'));
    expect(failovers().map(({ status }) => status)).toEqual(['SUCCEEDED']);
    await life.rest();
  });

  it('goes on where its look at the alarm fails for good: the alarm was seen on before', async () => {
    await open();
    stage.cloud.faults.lose(home);
    stage.cloud.faults.add({ kind: 'refused', caller: 'FailoverVeto', operation: 'DescribeAlarms', times: 99 });
    await stage.clock.run(() => failovers().some(({ status }) => status === 'SUCCEEDED'));
    expect(await state()).toMatchObject({ activeSite: 'recovery' });
    await life.rest();
  });
});

describe('an alarm starts nothing, and people are told why', () => {
  it('when the newest point is too old', async () => {
    await open();
    const { scheduler } = stage.cloud.services(shop.recovery.region);
    scheduler.isHeld = true;
    await stage.clock.advance(61 * minutes);
    stage.cloud.faults.lose(home);
    await stage.clock.advance(20 * minutes);
    expect(failovers()).toEqual([]);
    expect(told().map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /no failover was made: its newest available point rp-\S+ is \d+ minutes old, and the plan wants a person to decide beyond 60/,
      ),
    );
    stage.cloud.faults.restore(home);
    scheduler.isHeld = false;
    await life.rest();
  });

  it('while it is switched off; switched on again, the next one does', async () => {
    await open();
    const lines: string[] = [];
    const console = stage.console((line) => lines.push(line));
    expect(await stage.clock.settle(switchAutomatic(console, careful, 'off'))).toBe(true);
    await stage.clock.settle(showStatus(console, careful));
    expect(lines).toContain('automatic failover of plan shop is off');
    expect(lines).toContainEqual(expect.stringMatching(/^automatic failover: off since \S+, switched by cli$/));
    stage.cloud.faults.lose(home);
    await stage.clock.advance(10 * minutes);
    const started = () => failovers().filter(({ name }) => name.startsWith('alarm-'));
    expect(started()).toEqual([]);
    expect(told().map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/no failover was made: automatic failover was switched off at \S+ by cli/),
    );
    stage.cloud.faults.restore(home);
    await stage.clock.advance(10 * minutes);
    expect((await stage.run('failover', { plan: shop.name, automatic: 'on' })).status).toBe('SUCCEEDED');
    stage.cloud.faults.lose(home);
    await stage.clock.run(() => started().length > 0);
    stage.cloud.faults.restore(home);
    await life.rest();
  });

  it('when it is switched off while one waits', async () => {
    await open();
    stage.cloud.faults.lose(home);
    await waiting();
    expect((await stage.run('failover', { plan: shop.name, automatic: 'off' })).status).toBe('SUCCEEDED');
    await stage.clock.run(() => failovers().every(({ status }) => status !== 'RUNNING'));
    expect(failovers().some((execution) => isEntered(execution, 'Preflight'))).toBe(false);
    expect(told().at(-1)?.message).toContain('automatic failover was switched off');
    stage.cloud.faults.restore(home);
    await life.rest();
  });
});
