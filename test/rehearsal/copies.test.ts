import { CopySnapshotCommand, CreateSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawTable } from '../../proof/raw-table.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { isEntered, openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

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
    ec2(away).timings.copyBaseMs = 1_200_000;
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
    const notes = (await call(new RawTable(stage).items())).filter(({ sk }) => sk.startsWith('EV#'));
    expect(notes.map((note) => String(note['text'])).join()).toMatch(
      /Copy snap-\w+ of files:\/dev\/sdf ended in error: .*It is made once more/,
    );
  });
});
