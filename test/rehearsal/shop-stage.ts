import { CloudWatchClient, GetMetricStatisticsCommand, type Statistic } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { Life } from '../../proof/life.ts';
import { RawTable } from '../../proof/raw-table.ts';
import { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import { setSchedules } from '../../proof/schedules.ts';
import { shop, smallShop } from '../../proof/shop.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { World } from '../../rehearsal/world.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';

export { setSchedules, shop, smallShop };

/** The example plan's template deployed beside its servers; nothing has been protected yet. Close it after the test. */
export async function openShop(seed = 1, world: World = smallShop): Promise<Stage> {
  const stage = await Stage.open({ plan: shop, world, seed, assembly: inject('shopAssembly') });
  records.push(new RightsRecord(stage.cloud));
  return stage;
}

/** Synthesizes a plan of its own once for a test file. Gives where its assembly is. */
export function assemblyOf(plan: Plan): () => string {
  let assembly: Assembly;
  beforeAll(async () => {
    assembly = await synthesize([plan], inject('bundle'));
  }, synthesisMs);
  afterAll(() => assembly.remove());
  return () => assembly.directory;
}

/** The same of a plan like the shop, with every checker watching. */
export async function openLife(options: {
  readonly seed: number;
  readonly plan?: Plan;
  readonly assembly?: string;
  readonly world?: World;
}): Promise<Life> {
  const { plan = shop, seed, assembly = inject('shopAssembly'), world = smallShop } = options;
  const life = await Life.open({ plan, world, seed, assembly });
  records.push(new RightsRecord(life.stage.cloud));
  return life;
}

/** The same with a recovery point, some writes since, and no schedule that takes another one. */
export async function openProtectedLife(options: Parameters<typeof openLife>[0]): Promise<Life> {
  const life = await openLife(options);
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  await setSchedules(life.stage, 'protect', 'DISABLED');
  life.write(1);
  return life;
}

/** Once everything rests every promise has been kept. */
export async function closeKept(life: Life): Promise<void> {
  await life.rest();
  expect(await life.broken()).toEqual([]);
  life.stage.close();
}

/** What the roles of every stage of a test file were asked for. */
const records: RightsRecord[] = [];

/** What the roles of the stage that was opened last were asked for. */
export function recordedRights(): RightsRecord {
  const record = records.at(-1);
  if (record === undefined) throw new Error('no stage was opened');
  return record;
}

// No call of any of these tests is one that its role may not make.
afterAll(async () => {
  for (const record of records) expect(await unallowed(record)).toEqual([]);
});

/** Synthesizing a plan of its own takes longest of all in a test file. */
export const synthesisMs = 300_000;

/** A plan of its own deployed beside its world, within {@link synthesisMs}. */
export async function openPlan(plan: Plan, world: World, seed: number) {
  const assembly = await synthesize([plan], inject('bundle'));
  const stage = await Stage.open({ plan, world, seed, assembly: assembly.directory });
  const record = new RightsRecord(stage.cloud);
  records.push(record);
  return {
    stage,
    record,
    close() {
      stage.close();
      assembly.remove();
    },
  };
}

/** What a person reads in the console of an ended execution. */
export function outcomeOf(execution: { status: string; error?: string; cause?: string }) {
  const cause = execution.cause ?? '';
  const isJson = cause.startsWith('{');
  const message = isJson ? (JSON.parse(cause) as { errorMessage: string }).errorMessage : cause;
  return { status: execution.status, error: execution.error, message };
}

/** Takes a recovery point now, between the runs that the schedule starts. */
export function protectNow(stage: Stage): Promise<Execution> {
  return stage.runUnskipped('protect');
}

/** What an operation noted, in words for people; oldest first. */
export async function eventsOf(stage: Stage, operation: string | undefined): Promise<unknown[]> {
  const items = await stage.clock.settle(new RawTable(stage).items());
  return items.filter(({ pk, sk }) => pk === `OP#${operation}` && sk.startsWith('EV#')).map(({ text }) => text);
}

/** Whether an execution has come to a state. */
export function isEntered(execution: Execution | undefined, name: string): boolean {
  return execution?.history.some(({ type, state }) => type === 'StateEntered' && state?.name === name) === true;
}

/** What was published in each of the last `minutes`, oldest first; minutes without any are left out. */
export async function measured(
  stage: Stage,
  metric: string,
  statistic: Statistic,
  minutes: number,
  server?: string,
): Promise<number[]> {
  const { plan, cloud } = stage;
  const now = stage.clock.now();
  const Dimensions = [{ Name: 'Plan', Value: plan.name }, ...(server ? [{ Name: 'Server', Value: server }] : [])];
  const command = new GetMetricStatisticsCommand({
    Namespace: 'Homeward',
    MetricName: metric,
    Dimensions,
    StartTime: new Date(now - minutes * 60_000),
    EndTime: new Date(now + 1),
    Period: 60,
    Statistics: [statistic],
  });
  const client = new CloudWatchClient(cloud.clientConfig(plan.recovery.region));
  const { Datapoints = [] } = await stage.clock.settle(client.send(command));
  return Datapoints.map((point) => point[statistic] ?? Number.NaN);
}
