import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { CopySnapshotCommand, CreateSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../../lib/aws/catalogue.ts';
import { type Clients, ec2Client } from '../../lib/aws/clients.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { openOperation } from '../../lib/steps/operation/open.ts';
import type { Services } from '../../lib/steps/services.ts';
import { complete } from '../../lib/steps/transfer/complete.ts';
import { move } from '../../lib/steps/transfer/move.ts';
import { start } from '../../lib/steps/transfer/start.ts';
import { VirtualClock } from '../../sim/clock.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';

const [home, away] = ['us-east-1', 'us-west-2'];
const plan = { name: 'shop' } as Plan;

let clock: VirtualClock;
let cloud: SimulatedCloud;
let services: Services;

beforeEach(async () => {
  clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
  cloud = new SimulatedCloud({ regions: [home, away], clock, seed: 1 });
  const client = ((factory: unknown, region: string) =>
    factory === ec2Client
      ? new EC2Client(cloud.clientConfig(region))
      : new EBSClient({ ...cloud.clientConfig(region), maxAttempts: 5 })) as Clients;
  const keys = ['pk', 'sk'];
  await clock.settle(
    cloud.services(away).dynamodb.createTable({
      TableName: 'catalogue',
      KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await clock.advance(1_000);
  const catalogue = new Catalogue('catalogue', new DynamoDBClient(cloud.clientConfig(away)));
  services = {
    client,
    catalogue,
    now: () => new Date(clock.now()),
    plans: () => [plan],
    plan: () => plan,
    planOf: () => Promise.resolve(plan),
    proveEpoch: (context) => catalogue.changeState(context, { kind: 'renew', now: new Date(clock.now()) }),
    isRunning: async () => true,
    setting: (name) => name,
  };
});

afterEach(() => clock.uninstall());

async function snapshot(region: string, volume: string): Promise<string> {
  const made = await clock.settle(
    services.client(ec2Client, region).send(new CreateSnapshotCommand({ VolumeId: volume })),
  );
  await clock.advance(3_600_000);
  return made.SnapshotId ?? '';
}

const block = (fill: number) => Buffer.alloc(524_288, fill);

/** The block that moves from `base`, at `far.base` too, to `later`. */
async function carry(volume: { base: string; later: string; farBase: string }, { isCompletedTwice = false } = {}) {
  const opened = await clock.settle(
    openOperation(services, { kind: 'failover', plan, execution: 'x', trigger: 'test', recoveryPoint: null }),
  );
  if (opened.kind !== 'opened') throw new Error('must open');
  const transfer = {
    id: 'round-1/db:/dev/xvda',
    volume: 'db:/dev/xvda' as const,
    sizeGib: 8,
    purpose: 'failback-base',
    near: { region: away, base: volume.base, snapshot: volume.later },
    far: { region: home, base: volume.farBase },
  };
  const item = { ...opened.context, transfer };
  const started = await clock.settle(start(services, item));
  expect(await clock.settle(start(services, item))).toEqual(started);
  const { target, method } = started;
  for (const unit of started.units) await clock.settle(move(services, { ...item, target, method, unit }));
  let poll = { polls: 0, done: false };
  if (isCompletedTwice) {
    // What the first of the two is told is old by the time it arrives.
    cloud.faults.add({ kind: 'answer-late', operation: 'DescribeSnapshots', times: 1 });
    const both = [0, 1].map(() => complete(services, { ...item, target, poll }));
    await clock.settle(Promise.all(both));
  }
  while (!poll.done && poll.polls < 50) {
    poll = await clock.settle(complete(services, { ...item, target, poll }));
    await clock.advance(60_000);
  }
  expect(poll.done).toBe(true);
  const record = await clock.settle(services.catalogue.transfer(item.operation, transfer.id));
  return { record, arrived: cloud.services(home).ec2.contentOf(target).blocks };
}

async function copyHome(snapshotId: string): Promise<string> {
  const request = new CopySnapshotCommand({ SourceRegion: away, SourceSnapshotId: snapshotId });
  const { SnapshotId = '' } = await clock.settle(services.client(ec2Client, home).send(request));
  await clock.advance(7_200_000);
  return SnapshotId;
}

describe('I4: the block engine', () => {
  it('carries exactly the changed blocks: changed, new, zeroed and vanished ones', async () => {
    const ec2 = cloud.services(away).ec2;
    const instance = ec2.addInstance({ subnet: ec2.addSubnet({}) });
    const volume = Object.values(instance.volumes)[0] ?? '';
    for (const index of [3, 4, 5, 6]) ec2.writeBlocks(volume, index, block(index));
    const base = await snapshot(away, volume);
    const farBase = await copyHome(base);
    ec2.writeBlocks(volume, 4, block(44));
    ec2.writeBlocks(volume, 5, block(0));
    ec2.discardBlock(volume, 6);
    ec2.writeBlocks(volume, 9, block(9));
    const { record, arrived } = await carry({ base, later: await snapshot(away, volume), farBase });

    expect(record).toMatchObject({ method: 'delta', listedBlocks: 4, changedBlocks: 4 });
    for (const [index, fill] of [
      [3, 3],
      [4, 44],
      [5, 0],
      [6, 0],
      [9, 9],
    ] as const) {
      expect(arrived.get(index)?.equals(block(fill)), `block ${index}`).toBe(true);
    }
    expect(cloud.notModelled).toEqual([]);
  });

  it('is completed by two runs of the step side by side, of which one is told of it too late', async () => {
    const ec2 = cloud.services(away).ec2;
    const volume = Object.values(ec2.addInstance({ subnet: ec2.addSubnet({}) }).volumes)[0] ?? '';
    const base = await snapshot(away, volume);
    const farBase = await copyHome(base);
    ec2.writeBlocks(volume, 4, block(4));
    const later = await snapshot(away, volume);
    const { arrived } = await carry({ base, later, farBase }, { isCompletedTwice: true });
    expect(arrived.get(4)?.equals(block(4))).toBe(true);
    const refused = cloud.record.calls.filter(
      ({ operation, outcome }) => operation === 'CompleteSnapshot' && outcome === 'refused',
    );
    expect(refused).toHaveLength(1);
  });

  it('compares two that AWS does not take for related, and writes only what differs', async () => {
    const ec2 = cloud.services(away).ec2;
    const newVolume = () => Object.values(ec2.addInstance({ subnet: ec2.addSubnet({}) }).volumes)[0] ?? '';
    const [before, after] = [newVolume(), newVolume()];
    for (const index of [2, 3, 4, 5, 6, 2_000, 2_001]) ec2.writeBlocks(before, index, block(index % 251));
    for (const index of [3, 5, 2_000]) ec2.writeBlocks(after, index, block(index % 251));
    ec2.writeBlocks(after, 4, block(44));
    ec2.writeBlocks(after, 6, block(0));
    ec2.writeBlocks(after, 9, block(9));
    const base = await snapshot(away, before);
    const farBase = await copyHome(base);
    const { record, arrived } = await carry({ base, later: await snapshot(away, after), farBase });

    // Blocks 2 and 2,001 are gone, 4 and 6 are others, 9 is new; the image of both wrote block 0.
    expect(record).toMatchObject({ method: 'compare', listedBlocks: 9, changedBlocks: 5 });
    const puts = cloud.record.calls.filter(
      ({ operation, outcome }) => operation === 'PutSnapshotBlock' && outcome === 'answered',
    );
    expect(puts.map(({ input }) => input.BlockIndex).toSorted()).toEqual([2, 2_001, 4, 6, 9]);
    const wanted = new Map([2, 3, 4, 5, 6, 9, 2_000, 2_001].map((index) => [index, block(index % 251)]));
    for (const [index, fill] of [
      [2, 0],
      [4, 44],
      [6, 0],
      [2_001, 0],
    ] as const)
      wanted.set(index, block(fill));
    for (const [index, bytes] of wanted) expect(arrived.get(index)?.equals(bytes), `block ${index}`).toBe(true);
    expect(cloud.notModelled).toEqual([]);
  });
});
