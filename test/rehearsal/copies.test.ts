import { CopySnapshotCommand, CreateSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawTable } from '../../proof/raw-table.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { PointVolume } from '../../lib/domain/catalogue.ts';
import { isEntered, openShop, outcomeOf, protectNow, setSchedules, shop } from './shop-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(6);
});
afterEach(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const call = <Output>(sent: Promise<Output>) => stage.clock.settle(sent);
const inFlight = () =>
  [...ec2(away).state.snapshots.values()].filter(({ origin, state }) => origin === 'copy' && state === 'pending')
    .length;

/** A snapshot of another tool, complete at home. */
async function foreignSnapshot(): Promise<string> {
  const client = new EC2Client(stage.cloud.clientConfig(home));
  const InstanceId = shop.servers['web']?.instance;
  const { Snapshots = [] } = await call(
    client.send(new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId, ExcludeBootVolume: true } })),
  );
  const id = Snapshots[0]?.SnapshotId ?? '';
  await stage.clock.run(() => ec2(home).state.snapshots.get(id)?.state === 'completed');
  return id;
}

/** Another tool begins copies of its own. */
function copiesOfAnotherTool(source: string, count: number): Promise<unknown> {
  const client = new EC2Client(stage.cloud.clientConfig(away));
  return Promise.allSettled(
    Array.from({ length: count }, () =>
      client.send(new CopySnapshotCommand({ SourceRegion: home, SourceSnapshotId: source })),
    ),
  );
}

const notes = async () =>
  (await call(new RawTable(stage).items()))
    .filter(({ sk }) => sk.startsWith('EV#'))
    .map((note) => String(note['text']));

async function expectProtected(execution: { status: string }): Promise<void> {
  expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
  const [point] = (await call(stage.catalogue.points(shop.name))).toReversed();
  expect(point?.status).toBe('available');
}

describe('copies in flight, of which AWS takes twenty for a Region and account', () => {
  it('wait while other tools have all of them, and go on as they become free', async () => {
    const source = await foreignSnapshot();
    ec2(away).timings.copyBaseMs = 300_000;
    await call(copiesOfAnotherTool(source, 20));
    const since = stage.clock.now();
    await expectProtected(await protectNow(stage));
    expect(stage.clock.now() - since).toBeGreaterThan(300_000);
  });

  it('wait, and fail nothing, when another tool takes the last one at the same moment', async () => {
    const source = await foreignSnapshot();
    ec2(away).timings.copyBaseMs = 180_000;
    let isTaken = false;
    stage.cloud.record.watch(({ operation, role }) => {
      if (operation !== 'CopySnapshot' || isTaken || role?.includes('ProtectReplicate') !== true) return;
      isTaken = true;
      void copiesOfAnotherTool(source, 20);
    });
    const execution = stage.start('protect');
    let most = 0;
    await stage.clock.run(() => {
      most = Math.max(most, inFlight());
      return execution.status !== 'RUNNING';
    });
    expect([isTaken, most]).toEqual([true, 20]);
    await expectProtected(execution);
    const calls = stage.cloud.record.calls.filter(({ operation }) => operation === 'CopySnapshot');
    expect(calls.some(({ error }) => error === 'ResourceLimitExceeded')).toBe(true);
  });
});

describe('a copy that ends in error', () => {
  it('is made once more, said beside the operation, and the point is whole', async () => {
    const key = shop.recovery.key ?? '';
    ec2(away).setKeyEnabled(key, false);
    const execution = stage.start('protect');
    await stage.clock.run(() => isEntered(execution, 'Replicate: wait'));
    await stage.clock.run(() => [...ec2(away).state.snapshots.values()].some(({ state }) => state === 'error'));
    ec2(away).setKeyEnabled(key, true);
    await call(stage.states.ended(execution.arn));
    await expectProtected(execution);
    expect((await notes()).join()).toMatch(/Copy snap-\w+ of files:\/dev\/sdf ended in error: .*It is made once more/);
  });
});

/** Volumes of the newest point by `server:device`. */
async function newestVolumes(): Promise<Map<string, PointVolume>> {
  const point = (await call(stage.catalogue.points(shop.name))).at(-1);
  return new Map(
    Object.entries(point?.servers ?? {}).flatMap(([server, { volumes }]) =>
      Object.values(volumes).map((volume): [string, PointVolume] => [`${server}:${volume.device}`, volume]),
    ),
  );
}

describe('a recovery Region that encrypts by default from some day on', () => {
  it('has all unencrypted volumes copied anew, aloud, so that the way home stays open', async () => {
    await setSchedules(stage, 'protect', 'DISABLED');
    await expectProtected(await protectNow(stage));
    ec2(away).setEncryptionByDefault(true);
    await expectProtected(await protectNow(stage));
    const volumes = await newestVolumes();
    expect(volumes.get('files:/dev/sdf')?.method).toBe('native-incremental');
    const fresh = [...volumes].filter(([, { method }]) => method === 'native-full').map(([key]) => key);
    expect(fresh.toSorted()).toEqual([
      'db:/dev/sdf',
      'db:/dev/xvda',
      'files:/dev/xvda',
      'web:/dev/sdf',
      'web:/dev/xvda',
    ]);
    const told = (await notes()).join();
    for (const key of fresh) expect(told).toMatch(new RegExp(`${key} is copied in full: snap-\\w+ is unencrypted`));
    for (const [, { copy }] of volumes) expect(ec2(away).encryptionOf(copy ?? '')?.keyArn).toBe(shop.recovery.key);
    // What is launched from these has the lineage of its copies, so coming home needs the changes only.
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    stage.workload.act({ kind: 'write', server: 'db', device: '/dev/sdf', blocks: 2 });
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    await expectProtected(await protectNow(stage));
    expect(new Set([...(await newestVolumes()).values()].map(({ method }) => method))).toEqual(new Set(['delta']));
  });
});

describe('after a failback', () => {
  it('deltas go on until one full copy pays; then AWS copies incrementally again', async () => {
    await setSchedules(stage, 'protect', 'DISABLED');
    const incremental: unknown[] = [];
    await expectProtected(await protectNow(stage));
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    const methods: unknown[] = [];
    const quiet: unknown[] = [];
    for (let run = 0; run < 5; run += 1) {
      stage.workload.act({ kind: 'write', server: 'db', device: '/dev/sdf', blocks: 2 });
      const copied = ec2(away).bytesMoved.copied;
      await expectProtected(await protectNow(stage));
      const volumes = await newestVolumes();
      methods.push(volumes.get('db:/dev/sdf')?.method);
      quiet.push(volumes.get('web:/dev/xvda')?.method);
      incremental.push(ec2(away).bytesMoved.copied - copied);
      if (run === 1) expect(volumes.get('db:/dev/sdf')?.measured?.bytes).toBe(2 * 524_288);
    }
    expect(methods).toEqual(['delta', 'delta', 'delta', 'native-full', 'native-incremental']);
    expect(incremental.slice(0, 3)).toEqual([0, 0, 0]);
    // Everything once, then the two blocks.
    expect(incremental[3]).toBeGreaterThan(6 * 524_288);
    expect(incremental[4]).toBe(2 * 524_288);
    // A volume that does not change costs nothing by delta, so nothing would pay.
    expect(quiet).toEqual(['delta', 'delta', 'delta', 'delta', 'delta']);
    const told = await notes();
    expect(told.join()).toMatch(
      /db:\/dev\/sdf is copied by AWS again: one full copy \([\d.]+ MiB, .*\$0\.00 .*\) saves \$0\.16 in 30 days over deltas of 1\.0 MiB/,
    );
    expect(told.join()).not.toContain('is copied in full');
  });
});
