import { DeregisterImageCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Life } from '../../proof/life.ts';
import { sparingShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const assembly = assemblyOf(sparingShop);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openLife({ plan: sparingShop, seed: 71, assembly: assembly() });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  life.write(2);
});
afterEach(async () => {
  await life.rest();
  // Nothing is left over and nothing lost, and nobody is led to what was left out.
  expect(await life.broken()).toEqual([]);
  stage.close();
});

const home = shop.primary.region;
const away = shop.recovery.region;
const files = 'i-0f100000000000002';
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const told = () => stage.cloud.services(away).sns.messages.at(-1)?.message ?? '';
const noRoom = (isFull = true) => ec2(away).setCapacity(`${away}a`, 'm7i.large', !isFull);
/** What of the file store is in the recovery Region. */
const filesAway = () =>
  [...ec2(away).state.instances.values()].filter(
    ({ tags, state }) =>
      state !== 'terminated' && tags.some(({ Key, Value }) => Key === 'homeward:server' && Value === 'files'),
  );

async function last(kind: 'failover' | 'failback' | 'drill') {
  const operations = await settle(stage.catalogue.operations(shop.name));
  return operations.findLast((operation) => operation.kind === kind);
}

async function status(): Promise<string> {
  const lines: string[] = [];
  await settle(
    showStatus(
      stage.console((line) => lines.push(line)),
      sparingShop,
    ),
  );
  return lines.join('\n');
}

describe('an optional server that cannot be launched', () => {
  it('is left out of the failover, which says so, and starts again at home with its own disks', async () => {
    const disks = [...ec2(home).volumesOf(files)];
    noRoom();
    stage.cloud.faults.lose(home);
    const before = stage.clock.now();
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    // It was waited for as long as its plan says, not as long as for the others.
    expect(stage.clock.now() - before).toBeLessThan(900_000);
    expect(filesAway()).toEqual([]);
    expect(await last('failover')).toMatchObject({ leftOut: { files: { isRunning: false } }, cause: null });
    expect(told()).toMatch(/Warning: server files was left out: .*InsufficientInstanceCapacity/);
    expect(await status()).toMatch(/warning of failover-.*: server files was left out: /);
    stage.cloud.faults.restore(home);
    await stage.clock.advance(300_000);
    // The watch has paid the fence.
    expect(ec2(home).state.instances.get(files)?.state).toBe('stopped');
    life.write(2);

    stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', caller: 'TrafficSwitch' });
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    await life.rest();
    expect(ec2(home).state.instances.get(files)?.state).toBe('stopped');
    expect(await life.broken()).toEqual([]);

    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect([...ec2(home).volumesOf(files)]).toEqual(disks);
    const failback = await last('failback');
    expect(
      Object.keys({ ...failback?.swapped, ...failback?.unreplicated }).filter((key) => /^files/.test(key)),
    ).toEqual([]);
    expect(await status()).not.toContain('warning');
    await life.rest();
    expect(await life.broken()).toEqual([]);

    life.write(1);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    noRoom(false);
    // It is launched and cannot be given its address.
    stage.cloud.faults.add({ kind: 'refused', operation: 'AssociateAddress', times: 99 });
    expect(outcomeOf(await life.run('failover', { plan: shop.name, planned: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await last('failover')).toMatchObject({ leftOut: { files: { isRunning: true } } });
    expect(filesAway().map(({ state }) => state)).toEqual(['running']);
  });

  it('is told of where what there is of it cannot be cleared away', async () => {
    noRoom();
    const { remove } = stage.cloud.faults.add({ kind: 'refused', operation: 'DeregisterImage', times: 99 });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await last('failover'))?.cause).toContain('AwsRefused');
    expect(told()).toMatch(/Warning: server files was left out: /);
    await life.rest();
    expect(await life.broken()).toContainEqual(expect.stringMatching(/^I8 left over: .*image/));
    remove();
    const { servers } = (await last('failover')) ?? {};
    const client = new EC2Client(stage.cloud.clientConfig(away));
    await settle(client.send(new DeregisterImageCommand({ ImageId: servers?.['files']?.image })));
    noRoom(false);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('to its end runs on, may have been written to, and comes home; the failback believes the world, not the table', async () => {
    stage.cloud.faults.add({ kind: 'refused', operation: 'AssociateAddress', times: 99 });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(told()).toMatch(
      /Warning: server files runs and is not healthy: files runs, and is not finished: .*AssociateAddress/,
    );
    const [{ id, state } = { id: '', state: '' }] = filesAway();
    expect(state).toBe('running');
    await life.rest();
    life.write(2);
    const { id: operation = '', leftOut } = (await last('failover')) ?? {};
    const note = (found: unknown) =>
      settle(stage.catalogue.updateOperationEntry({ plan: shop.name, operation }, 'leftOut', 'files', found));
    await note({ isRunning: false, why: 'somebody wrote so' });
    expect(outcomeOf(await life.run('failback'))).toMatchObject({
      error: 'CatalogueCorrupt',
      message: expect.stringContaining(`leftOut.files: says that it was not launched, and ${id} is there`),
    });
    await note(leftOut?.['files']);
    const execution = await life.run('failback');
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    const { swapped = {} } = (await settle(stage.catalogue.operation(shop.name, `failback-${execution.name}`))) ?? {};
    expect(Object.keys(swapped).filter((key) => key.startsWith('files'))).toHaveLength(2);
  });

  it('leaves a drill as it is: the point is verified, and the drill says without whom', async () => {
    noRoom();
    expect(outcomeOf(await stage.run('failover', { plan: shop.name, drill: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(filesAway()).toEqual([]);
    expect(told()).toMatch(/Warning: server files was left out/);
    expect(await status()).toMatch(/verified, all servers but files healthy after/);
    const [point] = await settle(stage.catalogue.points(shop.name));
    expect(point?.verifiedAt).toBeDefined();
  });

  it('is a warning of the preflight where it could be launched nowhere, and of readiness', async () => {
    ec2(away).setOffered(`${away}a`, 'm7i.large', false);
    expect(outcomeOf(await life.run('failover', { plan: shop.name, dryRun: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect((await last('failover'))?.warnings).toEqual([
      expect.stringContaining('server files can be launched nowhere'),
    ]);
    ec2(away).setOffered(`${away}a`, 't3.medium', false);
    const refused = outcomeOf(await life.run('failover', { plan: shop.name, dryRun: true }));
    expect(refused).toMatchObject({ error: 'PreflightFailed', message: expect.stringContaining('server web can be') });
    expect(refused.message).not.toContain('files');
  });
});

describe('an optional server that cannot be started at home', () => {
  it('comes home and stays stopped: production is home without it, and that is said', async () => {
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    life.write(2);
    ec2(home).setCapacity(ec2(home).state.instances.get(files)?.zone ?? '', 'm7i.large', false);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(ec2(home).state.instances.get(files)?.state).toBe('stopped');
    const failback = await last('failback');
    expect(failback).toMatchObject({ leftOut: { files: { isRunning: false } } });
    expect(Object.keys(failback?.swapped ?? {}).filter((key) => key.startsWith('files'))).toHaveLength(2);
    expect(await status()).toMatch(/warning of failback-.*: server files was left out: /);
  });
});

describe('an optional server that does not become healthy', () => {
  it('runs on for a person to look at, who mends it; what it then writes comes home', async () => {
    const execution = stage.start('failover');
    await stage.clock.run(() => filesAway().some(({ state }) => state === 'running'));
    const volume =
      ec2(away)
        .volumesOf(filesAway()[0]?.id ?? '')
        .get('/dev/xvda') ?? '';
    const boot = ec2(away).contentOf(volume).blocks.get(0) ?? new Uint8Array();
    ec2(away).discardBlock(volume, 0);
    await settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    const why = 'files does not pass the instance status checks';
    expect(await last('failover')).toMatchObject({ leftOut: { files: { isRunning: true, why } } });
    expect(told()).toContain(`Warning: server files runs and is not healthy: ${why}`);
    expect(await status()).toContain(`server files runs and is not healthy: ${why}`);
    expect(filesAway().map(({ state }) => state)).toEqual(['running']);
    ec2(away).writeBlocks(volume, 0, boot);
    await life.rest();
    life.write(2);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const { swapped = {} } = (await last('failback')) ?? {};
    expect(Object.keys(swapped).filter((key) => key.startsWith('files'))).toHaveLength(2);
  });
});
