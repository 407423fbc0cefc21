import { afterAll, beforeAll, expect, inject } from 'vitest';
import { Life } from '../../proof/life.ts';
import { RawTable } from '../../proof/raw-table.ts';
import { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import { shop, smallShop } from '../../proof/shop.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { World } from '../../rehearsal/world.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';

export { shop, smallShop };

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

/** Enables or disables the schedules of a stage that start protect runs, those that measure, or, of these, those that see to what a plan is owed. */
export async function setSchedules(
  { cloud, plan }: Stage,
  which: 'protect' | 'drill' | 'measure' | 'owed',
  state: 'ENABLED' | 'DISABLED',
  every?: string,
): Promise<void> {
  const { operations } = cloud.services(plan.recovery.region).scheduler;
  const list = (await operations['ListSchedules']?.run({} as never, {} as never)) as { Schedules: { Name: string }[] };
  for (const { Name } of list.Schedules) {
    const schedule = (await operations['GetSchedule']?.run({ Name } as never, {} as never)) as {
      Target: { Arn: string; Input?: string };
      [member: string]: unknown;
    };
    const { Arn, Input = '' } = schedule.Target;
    const started = Input.includes('"drill"') ? 'drill' : 'protect';
    const kind = Arn.includes(':stateMachine:') ? started : 'measure';
    if (which === 'owed' ? !Name.includes('WatchFences') : kind !== which) continue;
    const { ScheduleExpression, FlexibleTimeWindow, Target } = schedule;
    const expression = every ?? ScheduleExpression;
    const request = { Name, ScheduleExpression: expression, FlexibleTimeWindow, Target, State: state };
    await operations['UpdateSchedule']?.run(request as never, {} as never);
  }
}
