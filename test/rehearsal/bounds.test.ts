import { CreateSnapshotCommand, EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clients } from '../../lib/aws/clients.ts';
import { findSnapshotsOfPlan } from '../../lib/aws/snapshots.ts';
import { ownerTags } from '../../lib/aws/tags.ts';
import { sweepSnapshots } from '../../lib/steps/operation/sweep.ts';
import { replicate } from '../../lib/steps/protect/replicate.ts';
import type { Services } from '../../lib/steps/services.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(13);
  await protectNow(stage);
});
afterEach(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));
const failover = async () =>
  (await stage.clock.settle(stage.catalogue.operations(shop.name))).find(({ kind }) => kind === 'failover');
const stop = (execution: Execution | undefined) =>
  execution === undefined ? Promise.reject(new Error('nothing to stop')) : stage.clock.settle(stage.stop(execution));

/** Of a function in this cloud, to call one step by itself. */
function services(): Services {
  const client = ((_factory: unknown, region: string) => new EC2Client(stage.cloud.clientConfig(region))) as Clients;
  return {
    client,
    catalogue: stage.catalogue,
    now: () => new Date(stage.clock.now()),
    plans: () => [shop],
    plan: () => shop,
    planOf: () => Promise.resolve(shop),
    proveEpoch: (context) => stage.catalogue.changeState(context, { kind: 'renew', now: new Date(stage.clock.now()) }),
    isRunning: async () => true,
    setting: (name) => name,
  };
}

describe('I11: what is undone ends', () => {
  it('an undo that is stopped is not begun once more: the operation has failed, and somebody is told', async () => {
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Health'));
    await stop(execution);
    await stage.clock.run(() => isEntered(stage.executions('failover')[1], 'Undo'));
    await stop(stage.executions('failover')[1]);
    await stage.clock.advance(600_000);
    expect(stage.executions('failover').map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED']);
    expect(await failover()).toMatchObject({ outcome: 'failed' });
    expect(await state()).toMatchObject({ phase: 'protected', lease: null });
    expect(stage.cloud.services(away).sns.messages.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('What it had not taken back is still there'),
    );
  });

  it('an operation that took the plan and died before it was recorded is undone all the same', async () => {
    // Its fourth call takes the plan; every repeat dies at its first.
    stage.cloud.faults.add({ kind: 'crash-after', caller: 'FailoverOpen', skip: 3, times: 9 });
    const execution = stage.start('failover');
    await stage.clock.run(() => stage.executions('failover').length === 2);
    await stage.clock.run(() => stage.executions('failover').every(({ status }) => status !== 'RUNNING'));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
    expect(await failover()).toMatchObject({ outcome: 'rolled-back' });
    expect(await state()).toMatchObject({ phase: 'protected', lease: null });
    expect(stage.executions('failover')).toHaveLength(2);
  });

  it('I6: the lease of an execution that Step Functions has forgotten holds nobody up', async () => {
    const { epoch } = await state();
    const lease = {
      operation: 'protect-long-ago',
      kind: 'protect' as const,
      execution: stage.executions('protect')[0]?.arn.replace(/[^:]+$/, 'long-ago') ?? '',
      until: new Date(stage.clock.now() + 3_600_000).toISOString(),
    };
    await stage.clock.settle(stage.catalogue.claimState(shop.name, { lease, epoch: epoch + 1 }, epoch));
    expect((await stage.run('protect')).output).not.toMatchObject({ skipped: true });
  });
});

describe('I11: what waits for snapshots ends', () => {
  it('a failback whose last snapshots never complete goes back to serving in the recovery Region', async () => {
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    const execution = stage.start('failback');
    await stage.clock.run(() => isEntered(execution, 'Stop recovery'));
    ec2(away).timings.snapshotBaseMs = 20 * 86_400_000;
    await stage.clock.run(() => execution.status !== 'RUNNING');
    expect(outcomeOf(execution)).toMatchObject({ status: 'FAILED', error: 'SnapshotFailed' });
    expect(outcomeOf(execution).message).toContain('did not complete within 7200 s');
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
  });
});

describe('I11: what waits for servers and copies ends', () => {
  it('a wave whose servers never answer is undone, and says what was asked of them', async () => {
    ec2(away).timings.serviceStartMs = 20 * 86_400_000;
    const ended = outcomeOf(await stage.run('failover'));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'WaveUnhealthy' });
    expect(ended.message).toMatch(/Wave 1 of plan shop is not healthy .* does not accept TCP/);
    expect(await failover()).toMatchObject({ outcome: 'rolled-back' });
  });

  it('a protect run does not wait for its copies for more than a day', async () => {
    await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
    ec2(away).timings.copyBaseMs = 20 * 86_400_000;
    const execution = stage.start('protect');
    await stage.clock.run(() => isEntered(execution, 'Replicate: wait'));
    const { epoch, lease } = await state();
    const context = { plan: shop.name, operation: lease?.operation ?? '', epoch };
    const { recoveryPoint } = await stage.clock.settle(stage.catalogue.operationOf(context));
    const lookAfter = (seconds: number) => {
      const poll = { polls: 99, since: new Date(stage.clock.now() - seconds * 1_000).toISOString() };
      return stage.clock.settle(replicate(services(), { ...context, point: recoveryPoint ?? '', poll }));
    };
    expect(await lookAfter(86_000)).toMatchObject({ done: false });
    await expect(lookAfter(86_500)).rejects.toMatchObject({
      name: 'CopyFailed',
      message: expect.stringContaining('is not complete in eu-central-1 after 86400 s'),
    });
  });
});

describe('I8: the sweep', () => {
  it('ends, and has deleted what may go, when AWS keeps more than it deletes in one look', async () => {
    const client = new EC2Client(stage.cloud.clientConfig(home));
    const call = <Output>(sent: Promise<Output>) => stage.clock.settle(sent);
    const [volume = ''] = ec2(home)
      .volumesOf(shop.servers['web']?.instance ?? '')
      .values();
    const owner = { plan: 'bakery', operation: 'protect-broken', purpose: 'recovery-point', step: 'test' };
    const specification = { ResourceType: 'snapshot' as const, Tags: ownerTags(owner) };
    const made: string[] = [];
    // Nobody else snapshots the volume meanwhile.
    stage.cloud.services(away).scheduler.isHeld = true;
    await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
    for (let count = 0; count < 104; count += 1) {
      await stage.clock.advance(60_000);
      const command = new CreateSnapshotCommand({ VolumeId: volume, TagSpecifications: [specification] });
      made.push((await call(client.send(command))).SnapshotId ?? '');
    }
    await stage.clock.advance(600_000);
    for (const SnapshotId of made.slice(0, 101)) {
      const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }];
      const image = { Name: SnapshotId, Architecture: 'x86_64', VirtualizationType: 'hvm' } as const;
      await call(client.send(new RegisterImageCommand({ ...image, RootDeviceName: '/dev/xvda', BlockDeviceMappings })));
      await stage.clock.advance(1_000);
    }
    const context = { plan: 'bakery', operation: 'protect-later', epoch: 99 };
    const found = await call(findSnapshotsOfPlan(client, context.plan));
    const sweep = () =>
      call(sweepSnapshots(services(), context, { region: home, found }, ({ id }) => made.includes(id)));
    expect(await sweep()).toMatchObject({ isDone: true });
    await stage.clock.advance(60_000);
    const left = made.filter((id) =>
      ec2(home)
        .allResources()
        .some((resource) => resource.id === id),
    );
    expect(left).toEqual(made.slice(0, 101));
  });
});
