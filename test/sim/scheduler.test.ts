import { beforeEach, describe, expect, it } from 'vitest';
import { type ScheduleDefinition, Scheduler } from '../../sim/scheduler/scheduler.ts';
import { AwsError } from '../../sim/service.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

const machine = 'arn:aws:states:us-west-2:123456789012:stateMachine:protect';

let cloud: ManualCloud;
let scheduler: Scheduler;
let started: { at: number; arn: string; input: Record<string, string> }[];
let failures: AwsError[];
let begun: number;

beforeEach(() => {
  cloud = new ManualCloud();
  begun = cloud.clock.now();
  scheduler = new Scheduler(cloud.surroundings());
  started = [];
  failures = [];
  cloud.hold('stepfunctions', {
    start: (arn: string, input: string) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      started.push({ at: cloud.clock.now(), arn, input: JSON.parse(input) });
    },
  });
});

const create = (definition: Partial<ScheduleDefinition> = {}, target: Partial<ScheduleDefinition['target']> = {}) =>
  scheduler.createFromTemplate({
    name: 'protect-shop',
    scheduleExpression: 'rate(5 minutes)',
    flexibleTimeWindow: { Mode: 'OFF' },
    target: {
      arn: machine,
      roleArn: 'arn:aws:iam::123456789012:role/s',
      input: '{"plan":"shop","scheduledFor":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>"}',
      ...target,
    },
    ...definition,
  });
const minutes = () => started.map(({ at }) => Math.floor((at - begun) / 60_000));

describe('a rate', () => {
  it('invokes first after one period, then every period, within a second', async () => {
    create();
    await cloud.advance(16 * 60);
    expect(minutes()).toEqual([5, 10, 15]);
    for (const { at } of started) expect((at - begun) % 300_000).toBeLessThanOrEqual(1000);
  });

  it('gives the scheduled time and an id of its own to each invocation', async () => {
    create();
    await cloud.advance(11 * 60);
    expect(started.map(({ input }) => [input.plan, input.scheduledFor])).toEqual([
      ['shop', '2026-01-05T10:05:00Z'],
      ['shop', '2026-01-05T10:10:00Z'],
    ]);
    expect(started[0]?.input.id).not.toBe(started[1]?.input.id);
  });

  it('may deliver one invocation twice, with the same id', async () => {
    scheduler.deliveries = 2;
    create();
    await cloud.advance(6 * 60);
    expect(started).toHaveLength(2);
    expect(started[0]?.input).toEqual(started[1]?.input);
  });

  it('invokes a Lambda function with its input', async () => {
    const invoked: unknown[] = [];
    cloud.hold('lambda', { invoke: async (_arn: string, event: unknown) => void invoked.push(event) });
    create({}, { arn: 'arn:aws:lambda:us-west-2:123456789012:function:watch', input: '{"a":1}' });
    await cloud.advance(6 * 60);
    expect(invoked).toEqual([{ a: 1 }]);
  });
});

describe('an at schedule', () => {
  it('invokes once, at its time', async () => {
    create({ scheduleExpression: 'at(2026-01-05T10:07:00)' });
    await cloud.advance(3600);
    expect(minutes()).toEqual([7]);
  });

  it('whose time is over never invokes', async () => {
    create({ scheduleExpression: 'at(2026-01-05T09:00:00)' });
    await cloud.advance(3600);
    expect(started).toEqual([]);
  });
});

describe('an invocation', () => {
  it('is tried again with growing pauses, but not beyond its retries', async () => {
    failures = [1, 2].map(() => new AwsError('ThrottlingException', 'slow down'));
    create();
    await cloud.advance(6 * 60);
    expect(started).toHaveLength(1);
    failures = [1, 2].map(() => new AwsError('ThrottlingException', 'slow down'));
    create({}, { retryPolicy: { MaximumRetryAttempts: 1 } });
    await cloud.advance(6 * 60);
    expect(scheduler.invocations.map(({ lost }) => lost)).toEqual([undefined, 'ThrottlingException: slow down']);
  });

  it('of a silent Region comes late, and those too old are dropped, so that no backlog replays', async () => {
    create({}, { retryPolicy: { MaximumEventAgeInSeconds: 300 } });
    cloud.silent.add('us-west-2');
    await cloud.advance(17 * 60);
    cloud.silent.clear();
    await cloud.advance(10);
    expect(started.map(({ input }) => input.scheduledFor)).toEqual(['2026-01-05T10:15:00Z']);
    expect(scheduler.invocations.filter(({ lost }) => lost !== undefined)).toHaveLength(2);
  });
});

describe('UpdateSchedule', () => {
  const update = async (change: object) => {
    const { ScheduleExpression, FlexibleTimeWindow, Target } = await callOf(scheduler, 'GetSchedule', {
      Name: 'protect-shop',
    });
    return callOf(scheduler, 'UpdateSchedule', {
      Name: 'protect-shop',
      ScheduleExpression,
      FlexibleTimeWindow,
      Target,
      ...change,
    });
  };

  it('disables and enables without losing the rhythm', async () => {
    create();
    await cloud.advance(6 * 60);
    await update({ State: 'DISABLED' });
    expect(await callOf(scheduler, 'ListSchedules', { State: 'DISABLED' })).toMatchObject({
      Schedules: [{ Name: 'protect-shop' }],
    });
    await cloud.advance(5 * 60);
    await update({ State: 'ENABLED' });
    await cloud.advance(5 * 60);
    expect(minutes()).toEqual([5, 15]);
  });

  it('enables again where State is left out, as AWS does', async () => {
    create({ state: 'DISABLED' });
    await update({});
    expect(await callOf(scheduler, 'GetSchedule', { Name: 'protect-shop' })).toMatchObject({ State: 'ENABLED' });
  });

  it('with another expression begins anew', async () => {
    create();
    await cloud.advance(60);
    await update({ ScheduleExpression: 'rate(2 minutes)' });
    await cloud.advance(5 * 60);
    expect(minutes()).toEqual([3, 5]);
  });

  it('needs the whole schedule, and one that exists', async () => {
    create();
    await expect(update({ Target: undefined })).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(callOf(scheduler, 'GetSchedule', { Name: 'no' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});

describe('a schedule', () => {
  it('is refused by name where it asks for what is not modelled, or is wrong', () => {
    const refused: [Partial<ScheduleDefinition>, string][] = [
      [{ scheduleExpression: 'cron(0 1 * * ? *)' }, 'cron'],
      [{ scheduleExpression: 'rate(5)' }, 'Invalid Schedule Expression'],
      [{ timezone: 'Europe/Berlin' }, 'Europe/Berlin'],
      [{ flexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'flexible time window'],
      [{ name: 'x'.repeat(65) }, 'Invalid schedule name'],
    ];
    for (const [definition, name] of refused) expect(() => create(definition)).toThrow(name);
    expect(() => create({}, { input: '{"a":"<aws.scheduler.colour>"}' })).toThrow('colour');
    expect(() => create({}, { arn: 'arn:aws:sqs:us-west-2:123456789012:q' })).toThrow('sqs');
    expect(() => create({}, { retryPolicy: { MaximumEventAgeInSeconds: 30 } })).toThrow('MaximumEventAgeInSeconds');
  });
});
