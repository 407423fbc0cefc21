import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { CopySnapshotCommand, CreateSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../../lib/aws/catalogue.ts';
import type { Clients } from '../../lib/aws/clients.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { openOperation } from '../../lib/steps/operation/open.ts';
import type { Services } from '../../lib/steps/services.ts';
import { complete } from '../../lib/steps/transfer/complete.ts';
import { move } from '../../lib/steps/transfer/move.ts';
import { start } from '../../lib/steps/transfer/start.ts';
import { VirtualClock } from '../../sim/clock.ts';
import type { Services as CloudServices } from '../../sim/cloud.ts';
import { DynamoDb } from '../../sim/dynamodb/dynamodb.ts';
import { Ebs } from '../../sim/ebs/ebs.ts';
import { Ec2 } from '../../sim/ec2/ec2.ts';
import { createRandom } from '../../sim/random.ts';
import { createDispatch } from '../../sim/wire/dispatch.ts';
import { inProcessHandler } from '../../sim/wire/handler.ts';
import type { WireRequest } from '../../sim/wire/wire.ts';

const [home, away] = ['us-east-1', 'us-west-2'];
const account = '123456789012';
const plan = { name: 'shop' } as Plan;
const notModelled: string[] = [];

let clock: VirtualClock;
let regions: Map<string, { ec2: Ec2; ebs: Ebs }>;
let services: Services;

beforeEach(async () => {
  clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
  regions = new Map();
  const cloud = {
    account,
    clock,
    random: createRandom(1),
    services: (region: string) => at(region) as unknown as CloudServices,
  };
  const at = (region: string) => {
    const known = regions.get(region);
    if (known !== undefined) return known;
    const made = {} as { ec2: Ec2; ebs: Ebs };
    regions.set(region, made);
    made.ec2 = new Ec2({ region, account, cloud });
    made.ebs = new Ebs({ region, account, cloud });
    return made;
  };
  let requests = 0;
  const aws = createDispatch({
    service: (endpoint, region) => at(region)[endpoint as 'ec2' | 'ebs'],
    requestId: () => `r-${requests++}`,
    notModelled,
  });
  const dynamodb = new DynamoDb();
  const dispatch = (request: WireRequest) =>
    request.hostname.startsWith('dynamodb.') ? dynamodb.answer(request) : aws(request);
  const config = (region: string) => ({
    region,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: inProcessHandler(dispatch),
  });
  const table = new DynamoDBClient(config(away));
  const clients = {
    ec2: (region: string) => new EC2Client(config(region)),
    ebs: (region: string) => new EBSClient({ ...config(region), maxAttempts: 5 }),
  };
  await clock.settle(
    table.send(
      new CreateTableCommand({
        TableName: 'catalogue',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    ),
  );
  await clock.advance(1_000);
  const catalogue = new Catalogue('catalogue', table);
  services = {
    clients: clients as unknown as Clients,
    catalogue,
    now: () => new Date(clock.now()),
    plan: () => plan,
    proveEpoch: (context) => catalogue.proveEpoch(context, new Date(clock.now() + 3_600_000)),
    setting: (name) => name,
  };
  at(home);
  at(away);
});

afterEach(() => clock.uninstall());

const ec2In = (region: string): Ec2 => {
  const found = regions.get(region);
  if (found === undefined) throw new Error(`no Region ${region}`);
  return found.ec2;
};

async function snapshot(region: string, volume: string): Promise<string> {
  const made = await clock.settle(services.clients.ec2(region).send(new CreateSnapshotCommand({ VolumeId: volume })));
  await clock.advance(3_600_000);
  return made.SnapshotId ?? '';
}

const block = (fill: number) => Buffer.alloc(524_288, fill);

describe('I4: the delta engine', () => {
  it('carries exactly the changed blocks: changed, new, zeroed and vanished ones', async () => {
    const ec2 = ec2In(away);
    const instance = ec2.addInstance({ subnet: ec2.addSubnet({}) });
    const volume = Object.values(instance.volumes)[0] ?? '';
    for (const index of [3, 4, 5, 6]) ec2.writeBlocks(volume, index, block(index));
    const base = await snapshot(away, volume);
    const copied = await clock.settle(
      services.clients.ec2(home).send(new CopySnapshotCommand({ SourceRegion: away, SourceSnapshotId: base })),
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
    for (const unit of started.units) await clock.settle(move(services, unit));
    let poll = { polls: 0, done: false };
    while (!poll.done && poll.polls < 50) {
      poll = await clock.settle(complete(services, { ...item, target: started.target, poll }));
      await clock.advance(60_000);
    }
    expect(poll.done).toBe(true);

    const arrived = ec2In(home).contentOf(started.target).blocks;
    for (const [index, fill] of [
      [3, 3],
      [4, 44],
      [5, 0],
      [6, 0],
      [9, 9],
    ] as const) {
      expect(arrived.get(index)?.equals(block(fill)), `block ${index}`).toBe(true);
    }
    expect(notModelled).toEqual([]);
  });
});
