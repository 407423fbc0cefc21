import { EC2Client, ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { frozenShop } from '../../proof/shop.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { changedIndexes } from '../../sim/blocks/content.ts';
import { isEntered, outcomeOf, openLife, setSchedules, shop, synthesisMs } from './shop-stage.ts';

let life: Life;
let stage: Stage;
let own: Assembly | undefined;

async function open(plan: Plan = shop): Promise<void> {
  own = plan === shop ? undefined : await synthesize([plan], inject('bundle'));
  const assembly = own?.directory ?? inject('shopAssembly');
  life = await openLife({ plan, seed: 17, assembly });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  life.write(3);
}
afterEach(async () => {
  stage.close();
  own?.remove();
});

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const servers = Object.keys(shop.servers);
const planned = { plan: shop.name, planned: true };
const points = () => stage.clock.settle(stage.catalogue.points(shop.name));
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));
const states = (region: string) =>
  servers.map((server) => ec2(region).state.instances.get(stage.workload.instanceIn(region, server) ?? '')?.state);

async function lastFailover() {
  const all = await stage.clock.settle(stage.catalogue.operations(shop.name));
  return all.findLast(({ kind }) => kind === 'failover');
}

/** Blocks that a recovery server has otherwise than the server at home, where nothing is written since. */
function differences(): number[] {
  return servers.flatMap((server) => {
    const there = ec2(away).volumesOf(stage.workload.instanceIn(away, server) ?? '');
    const here = ec2(home).volumesOf(stage.workload.instanceIn(home, server) ?? '');
    expect([there.size, here.size]).toEqual([2, 2]);
    return [...here].flatMap(([device, volume]) =>
      changedIndexes(ec2(home).contentOf(volume), ec2(away).contentOf(there.get(device) ?? '')),
    );
  });
}

describe('a planned failover', () => {
  it('stops the primary, captures it as it was left, and loses nothing; then comes home', async () => {
    await open();
    const execution = stage.start('failover', planned);
    await stage.clock.run(() => isEntered(execution, 'Capture'));
    expect(states(home)).toEqual(['stopped', 'stopped', 'stopped']);
    await stage.clock.settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(differences()).toEqual([]);
    const failover = await lastFailover();
    const point = (await points()).at(-1);
    expect(failover).toMatchObject({ outcome: 'succeeded', recoveryPoint: point?.id, rpoSeconds: 0 });
    expect(point).toMatchObject({ status: 'available', operation: failover?.id, pins: [failover?.id] });
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'confirmed' } });
    await life.rest();
    expect(stage.executions('failover')).toHaveLength(1);
    life.write(2);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it(
    'needs no commands to be application-consistent: what is stopped has written all it had to',
    async () => {
      await open(frozenShop);
      const commands = stage.cloud.record.calls.filter(({ operation }) => operation === 'SendCommand').length;
      expect(outcomeOf(await life.run('failover', planned))).toMatchObject({ status: 'SUCCEEDED' });
      expect((await points()).at(-1)?.servers['db']?.consistency).toBe('application');
      expect(stage.cloud.record.calls.filter(({ operation }) => operation === 'SendCommand')).toHaveLength(commands);
      expect(differences()).toEqual([]);
    },
    synthesisMs,
  );

  it('changes nothing in a dry run', async () => {
    await open();
    const before = await points();
    expect(outcomeOf(await life.run('failover', { ...planned, dryRun: true }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(states(home)).toEqual(['running', 'running', 'running']);
    expect(await points()).toEqual(before);
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });
});

describe('a planned failover that cannot go on is taken back', () => {
  it('when a server does not stop: the others are started again, whatever the plan says of owed fences', async () => {
    expect(shop.failover.whenFenceIsOwed).toBe('proceed');
    await open();
    const client = new EC2Client(stage.cloud.clientConfig(home));
    const InstanceId = shop.servers['db']?.instance;
    await stage.clock.settle(
      client.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiStop: { Value: true } })),
    );
    const ended = outcomeOf(await life.run('failover', planned));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'FenceNotConfirmed' });
    expect(ended.message).toContain('a planned failover captures stopped servers');
    await life.rest();
    expect(states(home)).toEqual(['running', 'running', 'running']);
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'failed']);
    expect(await life.broken()).toEqual([]);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('when a server cannot be captured whole: what was captured and could not be recorded goes with it', async () => {
    await open();
    const fault = { caller: 'ProtectCapture', operation: 'DescribeVolumes' } as const;
    stage.cloud.faults.add({ kind: 'refused', ...fault, times: 1 });
    expect(outcomeOf(await life.run('failover', planned))).toMatchObject({ status: 'FAILED' });
    await life.rest();
    expect(await lastFailover()).toMatchObject({ outcome: 'rolled-back' });
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'failed']);
    expect(await life.broken()).toEqual([]);
  });

  it('when there is no room: its point stays, a point like any other', async () => {
    await open();
    ec2(away).setCapacity(`${away}a`, 't3.medium', false);
    expect(outcomeOf(await life.run('failover', planned))).toMatchObject({ status: 'FAILED', error: 'LaunchFailed' });
    await life.rest();
    expect(states(home)).toEqual(['running', 'running', 'running']);
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', fence: null });
    expect((await points()).map(({ status, pins }) => [status, pins])).toEqual([
      ['available', []],
      ['available', []],
    ]);
    life.write(1);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it('when somebody stops it while its point is copied: the point is none', async () => {
    await open();
    const execution = stage.start('failover', planned);
    await stage.clock.run(() => isEntered(execution, 'Replicate'));
    await stage.clock.settle(stage.stop(execution));
    await life.rest();
    expect(await lastFailover()).toMatchObject({ outcome: 'rolled-back' });
    expect(states(home)).toEqual(['running', 'running', 'running']);
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'failed']);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    expect(await life.broken()).toEqual([]);
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'available']);
  });

  it.each([
    [{ ...planned, recoveryPoint: { asOf: '2026-01-05T09:00:00Z' } }, 'recoveryPoint: cannot be chosen'],
    [{ ...planned, servers: { db: { recoveryPoint: 'latest' } } }, 'servers: cannot be chosen'],
  ])('or refused before anything: %o', async (input, message) => {
    await open();
    const ended = outcomeOf(await life.run('failover', input));
    expect(ended).toMatchObject({ error: 'InvalidInput', message: expect.stringContaining(message) });
  });
});
