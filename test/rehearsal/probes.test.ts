import type { PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import { afterEach, describe, expect, it } from 'vitest';
import type { AutomaticFailover, Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { watchedShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, isEntered, openLife, protectNow } from './shop-stage.ts';

const minutes = 60_000;
const nobody = '203.0.113.250';
const automatic: AutomaticFailover = {
  missingForSeconds: 180,
  ...watchedShop.failover.automatic,
  coolDownSeconds: 3_600,
};
const plan: Plan = { ...watchedShop, failover: { ...watchedShop.failover, automatic } };
const home = plan.primary.region;
const assembly = assemblyOf(plan);
/** One signal starts a failover, which waits for a veto; and one of the probes asks a port that nobody has opened. */
const wrong: Plan = {
  ...plan,
  failover: {
    ...plan.failover,
    automatic: {
      ...automatic,
      probes: { ...automatic.probes, wrong: { address: 'shop.example.com', tcp: 1 } },
      atLeast: 1,
      cancelWindowSeconds: 600,
    },
  },
};
const wrongAssembly = assemblyOf(wrong);

let life: Life;
let stage: Stage;
/** A protected plan, all of whose signals have been well for some minutes. */
async function open(seed: number, of = { plan, assembly: assembly() }): Promise<void> {
  life = await openLife({ ...of, seed });
  stage = life.stage;
  pointFilesTo(addressOfFiles());
  await protectNow(stage);
  await stage.clock.advance(6 * minutes);
}
afterEach(async () => {
  try {
    expect(await life.broken()).toEqual([]);
  } finally {
    stage.close();
  }
});

const away = () => stage.cloud.services(plan.recovery.region);
const failovers = () => stage.executions('failover');
/** What people were told, by the heading of its alarm or its subject. */
const told = () =>
  away().sns.messages.map(({ subject = '', message }) => {
    const heading = /What to do: \\?"(.+?)\\?" in/.exec(message)?.[1];
    return heading === undefined ? message : `${subject.split(':')[0]} ${heading}`;
  });
const outs = () => away().cloudwatch.composites.transitions.map(({ state }) => state.value);

const waiting = () =>
  stage.clock.run(() => failovers().at(-1)?.status === 'RUNNING' && isEntered(failovers().at(-1), 'Veto: wait'));

const switchTo = (automatic: 'on' | 'off') => stage.run('failover', { plan: plan.name, automatic });

/** Whether every number that was published is 1. */
function areOnes(input: unknown): boolean {
  return (input as PutMetricDataInput).MetricData?.every(({ Value }) => Value === 1) === true;
}

function addressOfFiles(): string {
  const { state } = stage.cloud.services(home).ec2;
  const files = state.instances.get(plan.servers['files']?.instance ?? '');
  return files?.interfaces[0].publicIp ?? '';
}

function pointFilesTo(address: string): void {
  const record = { name: 'files.shop.example.com', type: 'A', ttlSeconds: 60, values: [address] } as const;
  away().route53.setRecord('Z0SHOPEXAMPLE', record);
}

describe('probes from the recovery Region', () => {
  it('start nothing alone, and with another signal one failover, however many copies of the event arrive', async () => {
    await open(31);
    pointFilesTo(nobody);
    await stage.clock.advance(8 * minutes);
    expect(told()).toContain('ALARM Failing probe');
    pointFilesTo(addressOfFiles());
    await stage.clock.advance(3 * minutes);
    expect(told().at(-1)).toBe('OK Failing probe');
    expect([outs(), failovers()]).toEqual([['OK'], []]);
    away().eventbridge.deliveries = 3;
    stage.cloud.faults.lose(home);
    await stage.clock.run(() => failovers().some(({ status }) => status !== 'RUNNING'));
    expect(failovers().map(({ status }) => status)).toEqual(['SUCCEEDED']);
    const operations = await stage.clock.settle(stage.catalogue.operations(plan.name));
    expect(operations.find(({ kind }) => kind === 'failover')).toMatchObject({
      outcome: 'succeeded',
      trigger: `alarm ${away().cloudwatch.composites.transitions.at(-1)?.settings.name}`,
    });
    await life.rest();
  });

  it('start nothing while nobody asks, which people are told; once somebody does, what they find counts', async () => {
    await open(32);
    const { faults } = stage.cloud;
    const isSilent = { kind: 'refused', caller: 'WatchProber', operation: 'PutMetricData', times: 12 } as const;
    faults.add(isSilent);
    await stage.clock.advance(2 * minutes);
    faults.lose(home);
    await stage.clock.advance(9 * minutes);
    expect(told()).toContain('ALARM Silent prober');
    expect(told()).toContain('ALARM Missing heartbeat');
    expect([outs(), failovers()]).toEqual([['OK'], []]);
    await stage.clock.run(() => failovers().some(({ status }) => status === 'SUCCEEDED'));
    expect(outs()).toEqual(['OK', 'ALARM']);
    expect(failovers()).toHaveLength(1);
    await life.rest();
  });

  it('are looked at again by the guard: what answered in this minute starts nothing, though the alarm is still on', async () => {
    await open(33);
    // Nothing but the copy below may start anything.
    await switchTo('off');
    stage.cloud.faults.lose(home);
    const arrived = () =>
      away().lambda.invocations.filter(
        ({ functionName, payload }) =>
          functionName.includes('FailoverGuard') && JSON.stringify(payload).includes('CloudWatch Alarm'),
      );
    await stage.clock.run(() => arrived().length > 0);
    stage.cloud.faults.restore(home);
    let isAnswered = false;
    const end = stage.cloud.record.watch(({ operation, role, input }) => {
      isAnswered ||= operation === 'PutMetricData' && role?.includes('WatchProber') === true && areOnes(input);
    });
    await stage.clock.run(() => isAnswered);
    end();
    await switchTo('on');
    await stage.clock.advance(1_000);
    expect(outs()).toEqual(['OK', 'ALARM']);
    const [copy] = arrived();
    if (copy === undefined) throw new Error('the event must have arrived');
    const decision = await stage.clock.settle(away().lambda.invoke(copy.functionName, copy.payload));
    expect(outs().at(-1)).toBe('ALARM');
    const reason = expect.stringMatching(
      /^0 of the 2 signals that it takes say now that eu-west-1 is out: shop is well, files is well, the heartbeat /,
    );
    expect(decision).toEqual({ started: false, reason });
    await stage.clock.advance(5 * minutes);
    expect(outs().at(-1)).toBe('OK');
    expect(failovers().filter(({ name }) => name.startsWith('alarm-'))).toEqual([]);
    await life.rest();
  });

  it('start one failover for each outage, though one that never worked holds the alarm on all the time', async () => {
    await open(35, { plan: wrong, assembly: wrongAssembly() });
    const refused = () => told().filter((text) => text.includes('no failover was made'));
    const reason =
      /: 0 of the 1 signals that it takes say now that eu-west-1 is out: .*wrong says so, and has not been well for a day/;
    await stage.clock.advance(6 * minutes);
    const before = outs();
    expect([before.at(-1), refused()]).toEqual(['ALARM', [expect.stringMatching(reason)]]);
    // Less than missingFor is no outage.
    pointFilesTo(nobody);
    await stage.clock.advance(1.5 * minutes);
    pointFilesTo(addressOfFiles());
    await stage.clock.advance(5 * minutes);
    expect(failovers()).toEqual([]);
    // A person calls it off, for as long as the outage lasts.
    stage.cloud.faults.lose(home);
    await waiting();
    const [stopped] = failovers();
    if (stopped === undefined) throw new Error('must wait');
    await stage.clock.settle(stage.stop(stopped));
    await stage.clock.advance(6 * minutes);
    expect(failovers()).toEqual([stopped]);
    stage.cloud.faults.restore(home);
    await stage.clock.advance(6 * minutes);
    // Its signals call the next one off, though the alarm is on.
    stage.cloud.faults.lose(home);
    await waiting();
    stage.cloud.faults.restore(home);
    await stage.clock.run(() => failovers().every(({ status }) => status !== 'RUNNING'));
    expect(isEntered(failovers().at(-1), 'Open')).toBe(false);
    const off = /^No failover was made: 0 of the 1 signals that it takes say now that eu-west-1 is out/;
    expect(told().filter((text) => text.startsWith('No failover'))).toEqual([expect.stringMatching(off)]);
    await stage.clock.advance(6 * minutes);
    stage.cloud.faults.lose(home);
    await stage.clock.run(() => isEntered(failovers().at(-1), 'Open') && failovers().at(-1)?.status !== 'RUNNING');
    await stage.clock.advance(5 * minutes);
    expect(failovers().map(({ status }) => status)).toEqual(['ABORTED', 'SUCCEEDED', 'SUCCEEDED']);
    const operations = await stage.clock.settle(stage.catalogue.operations(plan.name));
    expect(operations.filter(({ kind }) => kind === 'failover')).toMatchObject([{ outcome: 'succeeded' }]);
    expect([outs(), refused()]).toEqual([before, [expect.stringMatching(reason)]]);
    await life.rest();
  }, 300_000);

  it('start nothing while the plan cools down after servers were stopped', async () => {
    await open(34);
    stage.cloud.faults.add({
      ...{ kind: 'refused', operation: 'ChangeResourceRecordSets', caller: 'TrafficSwitch', times: 1 },
    });
    const undone = await stage.runUnskipped('failover', { plan: plan.name, planned: true });
    expect(undone.status).toBe('FAILED');
    await stage.clock.advance(20 * minutes);
    expect(outs().at(-1)).toBe('OK');
    stage.cloud.faults.lose(home);
    await stage.clock.advance(25 * minutes);
    expect(failovers()).toEqual([undone]);
    expect(told()).toContainEqual(
      expect.stringMatching(
        /no failover was made: the last operation that stopped its servers ended at \S+, and it cools down until \S+Z/,
      ),
    );
    stage.cloud.faults.restore(home);
    await life.rest();
  });
});
