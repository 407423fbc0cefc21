import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstanceAttributeCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Evidence } from '../../lib/domain/evidence.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, eventsOf, isEntered, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const away = shop.recovery.region;
const home = shop.primary.region;
const secret = 'password=hunter2';
const script = `#!/bin/sh\n# für die Ausweichregion\necho ${secret} > /etc/shop\n`;
const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** What a plan may say of a launch beyond where and as what. Its alarm looks back as long as alarms can, so that such a one is deployed. */
const plan: Plan = {
  ...shop,
  failover: { ...shop.failover, automatic: { ...shop.failover.automatic, missingForSeconds: 86_400 } },
  recovery: { ...shop.recovery, userData: 'suppress', hydration: { mibPerSecond: 200 } },
  servers: Object.fromEntries(
    Object.entries(shop.servers).map(([name, server]) => {
      const policy = { db: { userData: 'keep' as const }, web: { userData: { replace: script } } }[name];
      return [name, { ...server, ...policy }];
    }),
  ),
};
const assembly = assemblyOf(plan);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openLife({ plan, seed: 71, assembly: assembly() });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  const { instances } = stage.cloud.services(home).ec2.state;
  for (const [name, { instance }] of Object.entries(plan.servers)) {
    const placed = instances.get(instance);
    if (placed !== undefined) placed.request.UserData = encoded(`home of ${name}`);
  }
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
});
afterEach(async () => {
  await life.rest();
  expect(await life.broken()).toEqual([]);
  stage.close();
});

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);

/** As AWS tells it of the servers that an operation launched, by their names. */
async function userDataOf(operation: string): Promise<Record<string, string | undefined>> {
  const client = new EC2Client(stage.cloud.clientConfig(away));
  const found: Record<string, string | undefined> = {};
  for (const { id, tags } of stage.cloud.services(away).ec2.state.instances.values()) {
    const tag = (key: string) => tags.find(({ Key }) => Key === `homeward:${key}`)?.Value ?? '';
    if (tag('operation') !== operation) continue;
    const asked = new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'userData' });
    found[tag('server')] = (await settle(client.send(asked))).UserData?.Value;
  }
  return found;
}

/** The last operation that launched something. */
async function launching() {
  const operations = await settle(stage.catalogue.operations(plan.name));
  const [operation] = operations.filter(({ kind }) => kind === 'failover' || kind === 'drill');
  if (operation === undefined) throw new Error('there was no failover and no drill');
  return operation;
}

const evidence = async () => {
  await stage.clock.advance(180_000);
  const bodies = stage.cloud
    .services(away)
    .s3.all()
    .map(({ body }) => body.toString());
  return { bodies, last: JSON.parse(bodies.at(-1) ?? '{}') as Evidence };
};

async function statusLines(): Promise<string> {
  const lines: string[] = [];
  await settle(
    showStatus(
      stage.console((line) => lines.push(line)),
      plan,
    ),
  );
  return lines.join('\n');
}

/** Rates of the volumes that were made, as AWS tells them. */
async function ratesAway(): Promise<(number | undefined)[]> {
  const client = new EC2Client(stage.cloud.clientConfig(away));
  const { Volumes = [] } = await settle(client.send(new DescribeVolumesCommand({})));
  return Volumes.map(({ VolumeInitializationRate }) => VolumeInitializationRate);
}

describe('what a plan says of a launch', () => {
  it('is what its servers are launched with by a drill: user data, and a rate that tells when they have all of their performance', async () => {
    const watch = new CloudWatchClient(stage.cloud.clientConfig(away));
    const { MetricAlarms = [] } = await settle(watch.send(new DescribeAlarmsCommand({})));
    expect(Math.max(...MetricAlarms.map(({ EvaluationPeriods = 0 }) => EvaluationPeriods))).toBe(1_440);
    const drill = stage.start('failover', { plan: plan.name, drill: true });
    await stage.clock.run(() => isEntered(drill, 'Health'));
    // Of the first wave, of which each server has two volumes.
    expect(await ratesAway()).toEqual([200, 200, 200, 200]);
    await settle(stage.states.ended(drill.arn));
    const operation = await launching();
    const userData = { db: encoded('home of db'), files: undefined, web: encoded(script) };
    expect(await userDataOf(operation.id)).toEqual(userData);
    const events = await eventsOf(stage, operation.id);
    expect(events.filter((text) => String(text).includes('user data'))).toEqual([
      'server files was launched without its user data',
      'server web was launched with the user data of the plan',
    ]);
    const { bodies, last } = await evidence();
    const said = JSON.stringify([operation, events, stage.cloud.services(away).sns.messages, bodies]);
    for (const text of [secret, encoded(script), encoded('home of db')]) expect(said).not.toContain(text);
    // 8 GiB at 200 MiB a second and a tenth more, after the launch of the last server.
    const { rtoSeconds, fullPerformanceSeconds } = last.measured;
    expect(rtoSeconds).toBeGreaterThan((8 * 1_024 * 1.1) / 200);
    expect(fullPerformanceSeconds).toBe(rtoSeconds);
    await stage.clock.advance(31 * 60_000);
    const { rtoSeconds: predicted } = (await settle(stage.catalogue.readiness(plan.name))) ?? {};
    const minutes = Math.ceil(((predicted ?? 0) + 46) / 60);
    expect(await statusLines()).toContain(`full performance after ${minutes} minutes at most`);
  });

  it('is launched without the rate where AWS has no room for it, once, and nobody then claims to know when all is fast', async () => {
    stage.cloud.services(away).ec2.setCapacity(`${away}a`, 'volume initialization', false);
    // The launch without it succeeds, and its answer is lost.
    stage.cloud.faults.add({ kind: 'answer-lost', operation: 'RunInstances', skip: 1, times: 1 });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(new Set(await ratesAway())).toEqual(new Set([undefined]));
    const operation = await launching();
    expect(Object.keys(await userDataOf(operation.id)).toSorted()).toEqual(['db', 'files', 'web']);
    const said = (await eventsOf(stage, operation.id)).filter((text) => String(text).includes('volumes are filled'));
    expect(said).toHaveLength(3);
    expect(String(said[0])).toMatch(
      /^server \w+ is launched without a rate .*InsufficientVolumeInitializationCapacity/,
    );
    expect((await evidence()).last.measured).toMatchObject({
      rtoSeconds: expect.any(Number),
      fullPerformanceSeconds: null,
    });
    expect(await statusLines()).not.toContain('full performance of');
  });
});
