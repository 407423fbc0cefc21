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

describe('I4: the delta engine', () => {
  it('carries exactly the changed blocks: changed, new, zeroed and vanished ones', async () => {
    const ec2 = cloud.services(away).ec2;
    const instance = ec2.addInstance({ subnet: ec2.addSubnet({}) });
    const volume = Object.values(instance.volumes)[0] ?? '';
    for (const index of [3, 4, 5, 6]) ec2.writeBlocks(volume, index, block(index));
    const base = await snapshot(away, volume);
    const copied = await clock.settle(
      services.client(ec2Client, home).send(new CopySnapshotCommand({ SourceRegion: away, SourceSnapshotId: base })),
    );
    await clock.advance(7_200_000);
    ec2.writeBlocks(volume, 4, block(44));
    ec2.writeBlocks(volume, 5, block(0));
    ec2.discardBlock(volume, 6);
    ec2.writeBlocks(volume, 9, block(9));
    const later = await snapshot(away, volume);

    const opened = await clock.settle(
      openOperation(services, { kind: 'failover', plan, execution: 'x', trigger: 'test', recoveryPoint: null }),
    );
    if (opened.kind !== 'opened') throw new Error('must open');
    const transfer = {
      id: 'round-1/db:/dev/xvda',
      volume: 'db:/dev/xvda' as const,
      sizeGib: 8,
      purpose: 'failback-base',
      near: { region: away, base, snapshot: later },
      far: { region: home, base: copied.SnapshotId ?? '' },
    };
    const item = { ...opened.context, transfer };
    const started = await clock.settle(start(services, item));
    expect(started.changedBlocks).toBe(4);
    expect(await clock.settle(start(services, item))).toEqual(started);
    for (const unit of started.units) await clock.settle(move(services, { ...item, target: started.target, unit }));
    let poll = { polls: 0, done: false };
    while (!poll.done && poll.polls < 50) {
      poll = await clock.settle(complete(services, { ...item, target: started.target, poll }));
      await clock.advance(60_000);
    }
    expect(poll.done).toBe(true);

    const arrived = cloud.services(home).ec2.contentOf(started.target).blocks;
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
});
