import { DescribeInstanceAttributeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, eventsOf, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const away = shop.recovery.region;
const home = shop.primary.region;
const secret = 'password=hunter2';
const script = `#!/bin/sh\n# für die Ausweichregion\necho ${secret} > /etc/shop\n`;
const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** What a plan may say of a launch beyond where and as what. */
const plan: Plan = {
  ...shop,
  recovery: { ...shop.recovery, userData: 'suppress' },
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

describe('what a plan says of user data', () => {
  it.each([{ drill: true }, {}])('is what a server is launched with: %o', async (more) => {
    expect(outcomeOf(await life.run('failover', { plan: plan.name, ...more }))).toMatchObject({ status: 'SUCCEEDED' });
    const [operation] = (await settle(stage.catalogue.operations(plan.name))).filter(({ kind }) => kind !== 'protect');
    expect(await userDataOf(operation?.id ?? '')).toEqual({
      db: encoded('home of db'),
      files: undefined,
      web: encoded(script),
    });
    const events = await eventsOf(stage, operation?.id);
    expect(events.filter((text) => String(text).includes('user data'))).toEqual([
      'server files was launched without its user data',
      'server web was launched with the user data of the plan',
    ]);
    await stage.clock.advance(180_000);
    const { sns, s3 } = stage.cloud.services(away);
    const said = JSON.stringify([operation, events, sns.messages, s3.all().map(({ body }) => body.toString())]);
    for (const text of [secret, encoded(script), encoded('home of db')]) expect(said).not.toContain(text);
  });
});
