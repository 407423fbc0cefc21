import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Life } from '../../proof/life.ts';
import { roomyShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, closeKept, eventsOf, openProtectedLife, outcomeOf, shop } from './shop-stage.ts';

const assembly = assemblyOf(roomyShop);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openProtectedLife({ plan: roomyShop, seed: 41, assembly: assembly() });
  stage = life.stage;
});
afterEach(() => closeKept(life));

const away = shop.recovery.region;
const zones = [`${away}a`, `${away}b`];
const ec2 = () => stage.cloud.services(away).ec2;

/** Where the web server runs, and as what; one instance of it at most. */
function web() {
  const ofWeb = [...ec2().state.instances.values()].filter(
    ({ tags, state }) =>
      state !== 'terminated' && tags.some(({ Key, Value }) => Key === 'homeward:server' && Value === 'web'),
  );
  expect(ofWeb.length).toBeLessThan(2);
  return ofWeb.map(({ zone, instanceType }) => `${instanceType} in ${zone}`)[0];
}

function fill(type: string, ...full: string[]): void {
  for (const zone of full) ec2().setCapacity(zone, type, false);
}

async function lastFailover() {
  const operations = await stage.clock.settle(stage.catalogue.operations(shop.name));
  return operations.findLast(({ kind }) => kind === 'failover');
}

describe('want of capacity', () => {
  it('in one zone leads to the next, and the way home leads back', async () => {
    fill('t3.medium', `${away}a`);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(web()).toBe(`t3.medium in ${away}b`);
    const failover = await lastFailover();
    expect(await eventsOf(stage, failover?.id)).toContainEqual(
      'server web was launched as t3.medium in subnet-0b20000000000000b, for want of room before',
    );
    await life.rest();
    life.write(1);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('in every zone leads to the next type', async () => {
    fill('t3.medium', ...zones);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(web()).toBe(`t3.large in ${away}a`);
  });

  it('everywhere is waited for, and ends in the undo that names each way', async () => {
    fill('t3.medium', ...zones);
    fill('t3.large', ...zones);
    const ended = outcomeOf(await life.run('failover'));
    expect(ended).toMatchObject({ error: 'LaunchFailed' });
    expect(ended.message).toMatch(
      /t3\.medium in subnet-0b1\w+: InsufficientInstanceCapacity; t3\.medium in subnet-0b2\w+: .*; t3\.large in subnet-0b1\w+: .*; t3\.large in subnet-0b2/,
    );
    expect(web()).toBeUndefined();
  });

  it('launches one server, whichever of the answers is lost', async () => {
    fill('t3.medium', `${away}a`);
    // The SDK asks three times for each rung; the room is found after the first three.
    stage.cloud.faults.add({ kind: 'answer-lost', operation: 'RunInstances', skip: 5, times: 3 });
    const execution = stage.start('failover');
    await stage.clock.run(() => web() !== undefined);
    ec2().setCapacity(`${away}a`, 't3.medium', true);
    await stage.clock.settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(web()).toBe(`t3.medium in ${away}b`);
  });
});

describe('the preflight', () => {
  it('lets a failover whose own subnet is full go on to the other one', async () => {
    const fillSubnet = (id: string) => {
      const subnet = ec2().state.subnets.get(id);
      if (subnet !== undefined) ec2().state.subnets.set(id, { ...subnet, addressesMax: 0 });
    };
    const own = 'subnet-0b10000000000000b has 0 free addresses, 3 are needed';
    fillSubnet('subnet-0b10000000000000b');
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(web()).toBe(`t3.medium in ${away}b`);
    expect(await lastFailover()).toMatchObject({ warnings: [`subnet ${own}: servers fall back to other subnets`] });
  });

  it('warns of a way that leads nowhere, and refuses when none is left', async () => {
    ec2().setOffered(`${away}b`, 't3.large', false);
    expect(outcomeOf(await life.run('failover', { plan: shop.name, dryRun: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    const warning = `server web cannot fall back so: t3.large is not offered in ${away}b`;
    expect(await lastFailover()).toMatchObject({ warnings: [warning] });
    expect(stage.cloud.services(away).sns.messages.at(-1)?.message).toContain(`Warning: ${warning}`);
    for (const type of ['t3.medium', 't3.large']) for (const zone of zones) ec2().setOffered(zone, type, false);
    expect(outcomeOf(await life.run('failover', { plan: shop.name, dryRun: true }))).toMatchObject({
      error: 'PreflightFailed',
      message: expect.stringContaining('server web can be launched nowhere'),
    });
  });
});
