import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { pointId } from '../../lib/domain/recovery-point.ts';
import { synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import { fill, fleetPlan, fleetWorld } from '../fleet.ts';

/** Items that DynamoDB looked at, by what was asked for. */
export interface PointReads {
  readonly points: number;
  readonly chooseLatest: number;
  readonly chooseById: number;
  readonly chooseAsOf: number;
  readonly prune: number;
}

const everyMinutes = 5;
const itemsPerBatch = 25;

/** Every point is kept for nearly a year, as long as the snapshots of a Region allow, and by the calendar as well. */
const retention = { latest: 6, hourly: 24, daily: 7, weekly: 4, monthly: 12, minimumAge: '347 days' };

/** A plan of one server whose catalogue holds very many points, and how much of it is read to choose one and to prune. */
export async function countReads(points: number): Promise<PointReads> {
  const plan = fleetPlan({ everyMinutes, retention });
  const assembly = await synthesize([plan]);
  const stage = await Stage.open({ plan, world: fleetWorld(1), seed: 2, assembly: assembly.directory });
  try {
    fill(stage);
    await stage.clock.run(() => stage.executions('protect').some(({ status }) => status === 'SUCCEEDED'));
    const [newest] = await stage.clock.settle(stage.catalogue.points(plan.name));
    if (newest === undefined) throw new Error('the first run must have made a point');
    await addOlder(stage, newest.id, points - 1);
    const choose = (recoveryPoint: unknown) =>
      readsOf(stage, async () => {
        const { status, error, cause } = await stage.run('failover', { plan: plan.name, recoveryPoint, dryRun: true });
        if (status !== 'SUCCEEDED') throw new Error(`the dry run ended ${status}: ${error} ${cause}`);
      });
    const middle = new Date(Date.parse(newest.startedAt) - (points / 2) * everyMinutes * 60_000);
    return {
      points,
      chooseLatest: await choose('latest'),
      chooseById: await choose(newest.id),
      chooseAsOf: await choose({ asOf: middle.toISOString() }),
      prune: await readsOf(stage, () => stage.runUnskipped('protect')),
    };
  } finally {
    stage.close();
    assembly.remove();
  }
}

/** Points as protect runs leave them, each {@link everyMinutes} older than the one before; nobody looks at their snapshots. */
async function addOlder(stage: Stage, newest: string, count: number): Promise<void> {
  const { catalogue, clock, plan, tableName, cloud } = stage;
  const client = new DynamoDBClient(cloud.clientConfig(plan.recovery.region));
  const documents = DynamoDBDocumentClient.from(client);
  const header = await clock.settle(catalogue.pointHeader(plan.name, newest));
  if (header === undefined) throw new Error('the first point must be there');
  const pk = `PLAN#${plan.name}`;
  for (let first = 1; first <= count; first += itemsPerBatch) {
    const size = Math.min(itemsPerBatch, count + 1 - first);
    const items = Array.from({ length: size }, (_, offset) => {
      const at = new Date(Date.parse(header.startedAt) - (first + offset) * everyMinutes * 60_000);
      const startedAt = at.toISOString();
      const id = pointId(at, 'aaaaaa');
      return {
        ...header,
        pk,
        sk: `RP#${id}`,
        id,
        startedAt,
        sealedAt: startedAt,
        members: {},
        operation: `protect-${id}`,
      };
    });
    const RequestItems = { [tableName]: items.map((Item) => ({ PutRequest: { Item } })) };
    await clock.settle(documents.send(new BatchWriteCommand({ RequestItems })));
  }
}

async function readsOf({ cloud, plan }: Stage, act: () => Promise<unknown>): Promise<number> {
  const { read } = cloud.services(plan.recovery.region).dynamodb;
  const before = read.items;
  await act();
  return read.items - before;
}
