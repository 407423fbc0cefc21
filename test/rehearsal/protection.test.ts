import { DeregisterImageCommand, EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

let stage: Stage;
let before: Set<string>;
beforeEach(async () => {
  stage = await openShop(5);
  before = new Set(inventory(stage));
});
afterEach(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const points = () => stage.clock.settle(stage.catalogue.points(shop.name));
const snapshots = (region: string, isManifest = false) =>
  ec2(region)
    .allResources()
    .filter(({ kind, tags }) => kind === 'snapshot' && (tags['homeward:purpose'] === 'manifest') === isManifest).length;

const isResting = () => stage.executions('protect').every(({ status }) => status !== 'RUNNING');

const exists = (region: string, id: string) => ec2(region).state.snapshots.has(id);

/** Ids of a point's snapshots in both Regions. */
function named(point: RecoveryPoint | undefined): string[] {
  const volumes = Object.values(point?.servers ?? {}).flatMap((server) => Object.values(server.volumes));
  return volumes.flatMap(({ snapshot, copy }) => [snapshot, copy ?? '']);
}

/** Until no run is under way, and what was deleted is gone. */
async function betweenRuns(): Promise<void> {
  await stage.clock.advance(5_000);
  await stage.clock.run(isResting);
  await stage.clock.advance(30_000);
  await stage.clock.run(isResting);
}

describe('I2: whole points only', () => {
  it('a copy whose key cannot be used fails the point and the run, says so, and is no point to recover from', async () => {
    await protectNow(stage);
    const [good] = await points();
    ec2(away).setKeyEnabled(shop.recovery.key ?? '', false);
    const ended = outcomeOf(await protectNow(stage));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'CopyFailed' });
    expect(ended.message).toMatch(/^Copy snap-\w+ of files:\/dev\/sdf ended in error: .*Check the key in eu-central-1/);
    expect((await points()).map(({ status }) => status)).toEqual(['available', 'failed']);
    expect(stage.cloud.services(away).sns.messages.at(-1)?.subject).toBe('Homeward: protect of plan shop failed');
    ec2(away).setKeyEnabled(shop.recovery.key ?? '', true);
    await stage.run('failover');
    const operations = await stage.clock.settle(stage.catalogue.operations(shop.name));
    expect(operations.find(({ kind }) => kind === 'failover')?.recoveryPoint).toBe(good?.id);
  });
});

describe('I3, I8: retention', () => {
  it('keeps the plan to its number of points and deletes what it lets go in both Regions', async () => {
    for (let tick = 0; tick < shop.protection.retention.latest + 3; tick += 1) {
      for (const server of Object.keys(shop.servers))
        stage.workload.act({ kind: 'write', server, device: '/dev/sdf', blocks: 1 });
      await stage.clock.advance(shop.protection.everySeconds * 1_000);
    }
    await betweenRuns();
    expect((await points()).filter(({ status }) => status === 'available')).toHaveLength(
      shop.protection.retention.latest,
    );
    const volumes = Object.keys(shop.servers).length * 2;
    expect([snapshots(home), snapshots(away)]).toEqual([
      shop.protection.retention.latest * volumes,
      shop.protection.retention.latest * volumes,
    ]);
    expect([snapshots(home, true), snapshots(away, true)]).toEqual([0, shop.protection.retention.latest]);
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('marks a point before it deletes a snapshot of it, and keeps its item until AWS has let the last one go', async () => {
    await protectNow(stage);
    const [oldest] = await points();
    const SnapshotId = Object.values(oldest?.servers['web']?.volumes ?? {})[0]?.copy ?? '';
    const client = new EC2Client(stage.cloud.clientConfig(away));
    const image = { Name: 'of somebody', RootDeviceName: '/dev/xvda', VirtualizationType: 'hvm' };
    const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }];
    const { ImageId } = await stage.clock.settle(
      client.send(new RegisterImageCommand({ ...image, Architecture: 'x86_64', BlockDeviceMappings })),
    );
    for (let run = 0; run < shop.protection.retention.latest; run += 1) await protectNow(stage);
    await betweenRuns();
    const ofOldest = () => named(oldest).filter((id) => [home, away].some((region) => exists(region, id)));
    expect(ofOldest()).toEqual([SnapshotId]);
    expect((await points())[0]).toMatchObject({ id: oldest?.id, status: 'expired' });
    expect(outcomeOf(await stage.run('failover', { plan: shop.name, recoveryPoint: oldest?.id }))).toMatchObject({
      error: 'RecoveryPointNotAvailable',
      message: expect.stringContaining('is expired, not available'),
    });
    await stage.clock.settle(client.send(new DeregisterImageCommand({ ImageId })));
    await protectNow(stage);
    await betweenRuns();
    expect(ofOldest()).toEqual([]);
    expect((await points()).map(({ id }) => id)).not.toContain(oldest?.id);
  });

  it('I6: the next run takes the plan from one that died, and removes what it left behind', async () => {
    await protectNow(stage);
    const kept = [snapshots(home), snapshots(away)];
    const dying = stage.start('protect');
    await stage.clock.advance(45_000);
    expect(dying.status).toBe('RUNNING');
    await stage.clock.settle(stage.stop(dying));
    expect(snapshots(home)).toBeGreaterThan(kept[0] ?? 0);
    await stage.clock.advance(shop.protection.everySeconds * 1_000);
    await betweenRuns();
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
    const statuses = (await points()).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['available']));
  });
});

describe('I8: a protect run that is refused an answer once its snapshots are begun', () => {
  it('takes them away itself, before any other run begins', async () => {
    await stage.clock.run(isResting);
    stage.cloud.services(away).scheduler.isHeld = true;
    const end = stage.cloud.record.watch(({ operation }) => {
      if (operation !== 'CreateSnapshots') return;
      end();
      stage.cloud.faults.add({ kind: 'refused', operation: 'DescribeSnapshots', caller: 'ProtectCapture', times: 1 });
    });
    expect(outcomeOf(await stage.run('protect'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    await stage.clock.advance(180_000);
    expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
  });
});
