import { beforeEach, describe, expect, it } from 'vitest';
import { EventBridge, type RuleDefinition } from '../../sim/eventbridge/eventbridge.ts';
import { matcherOf } from '../../sim/eventbridge/pattern.ts';
import { AwsError } from '../../sim/service.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

const guard = 'arn:aws:lambda:us-west-2:123456789012:function:guard';
const machine = 'arn:aws:states:us-west-2:123456789012:stateMachine:failover';

let cloud: ManualCloud;
let bus: EventBridge;
let invoked: { at: number; arn: string; event: Record<string, unknown> }[];
let started: { arn: string; input: string }[];
let failures: AwsError[];

beforeEach(() => {
  cloud = new ManualCloud();
  bus = new EventBridge(cloud.surroundings());
  invoked = [];
  started = [];
  failures = [];
  cloud.hold('lambda', {
    invoke: async (arn: string, event: Record<string, unknown>) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      invoked.push({ at: cloud.clock.now(), arn, event });
    },
  });
  cloud.hold('stepfunctions', { start: (arn: string, input: string) => started.push({ arn, input }) });
});

const rule = (definition: Partial<RuleDefinition> = {}) =>
  bus.putRuleFromTemplate({
    name: 'alarms',
    eventPattern: { source: ['aws.cloudwatch'] },
    targets: [{ Arn: guard, Id: 'a' }],
    ...definition,
  });
const emit = (detail: object = {}, source = 'aws.cloudwatch') => bus.emit({ source, 'detail-type': 'Change', detail });

describe('an event', () => {
  it('reaches the targets of a matching rule, complete, about a second later', async () => {
    rule();
    const { id } = emit({ a: 1 });
    expect(invoked).toEqual([]);
    await cloud.advance(1);
    expect(invoked).toMatchObject([
      {
        arn: guard,
        event: {
          id,
          version: '0',
          account: '123456789012',
          region: 'us-west-2',
          time: '2026-01-05T10:00:00Z',
          resources: [],
          detail: { a: 1 },
        },
      },
    ]);
  });

  it('may be delivered twice, as the same event', async () => {
    bus.deliveries = 2;
    rule();
    const { id } = emit();
    await cloud.advance(5);
    expect(invoked.map(({ event }) => event.id)).toEqual([id, id]);
  });

  it('does not reach a rule that is disabled or does not match', async () => {
    rule();
    rule({ name: 'others', eventPattern: { source: ['shop'] } });
    await callOf(bus, 'DisableRule', { Name: 'alarms' });
    emit();
    await callOf(bus, 'EnableRule', { Name: 'alarms' });
    await cloud.advance(5);
    expect(invoked).toEqual([]);
  });

  it('starts a state machine with the event, or with the constant input of the target', async () => {
    const RoleArn = 'arn:aws:iam::123456789012:role/r';
    rule({
      targets: [
        { Arn: machine, Id: 'a', RoleArn },
        { Arn: machine, Id: 'b', RoleArn, Input: '{"plan":"shop"}' },
      ],
    });
    const event = emit();
    await cloud.advance(1);
    expect(started.map(({ input }) => JSON.parse(input))).toEqual([event, { plan: 'shop' }]);
  });

  it('is tried again after growing pauses while its target throttles', async () => {
    failures = [1, 2, 3].map(() => new AwsError('TooManyRequestsException', 'slow down', 429));
    rule();
    const begun = cloud.clock.now();
    emit();
    await cloud.advance(60);
    expect(invoked.map(({ at }) => (at - begun) / 1000)).toEqual([1 + 1 + 2 + 4]);
  });

  it('is lost, and listed, when its target is gone or its retries are used up', async () => {
    failures = [new AwsError('ResourceNotFoundException', 'gone', 404)];
    rule();
    emit();
    await cloud.advance(60);
    failures = [1, 2].map(() => new AwsError('ServiceException', 'oops', 500));
    rule({ targets: [{ Arn: guard, Id: 'a', RetryPolicy: { MaximumRetryAttempts: 1 } }] });
    emit();
    await cloud.advance(60);
    expect(bus.lost.map(({ reason }) => reason)).toEqual(['ResourceNotFoundException: gone', 'ServiceException: oops']);
    expect(invoked).toEqual([]);
  });

  it('waits for a silent Region, unless it is too old by then', async () => {
    cloud.silent.add('us-west-2');
    rule({
      targets: [
        { Arn: guard, Id: 'a', RetryPolicy: { MaximumEventAgeInSeconds: 60 } },
        { Arn: machine, Id: 'b', RoleArn: 'r' },
      ],
    });
    emit();
    await cloud.advance(100);
    cloud.silent.clear();
    await cloud.advance(10);
    expect([invoked.length, started.length, bus.lost.length]).toEqual([0, 1, 1]);
  });
});

describe('PutEvents', () => {
  it('takes good entries and refuses each wrong one by itself', async () => {
    const good = { Source: 'shop', DetailType: 'Sold', Detail: '{"n":1}' };
    const { FailedEntryCount, Entries } = await callOf<{ FailedEntryCount: number; Entries: { ErrorCode?: string }[] }>(
      bus,
      'PutEvents',
      {
        Entries: [good, { ...good, Source: 'aws.ec2' }, { ...good, Detail: '[1' }, { ...good, DetailType: '' }],
      },
    );
    expect(FailedEntryCount).toBe(3);
    expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'NotAuthorizedForSourceException',
      'MalformedDetail',
      'InvalidArgument',
    ]);
    expect(bus.events).toMatchObject([{ source: 'shop', 'detail-type': 'Sold', detail: { n: 1 } }]);
  });
});

describe('a rule', () => {
  it('is listed and described', async () => {
    rule();
    const described = { Name: 'alarms', State: 'ENABLED', EventPattern: '{"source":["aws.cloudwatch"]}' };
    expect(await callOf(bus, 'ListRules', { NamePrefix: 'al' })).toMatchObject({ Rules: [described] });
    expect(await callOf(bus, 'DescribeRule', { Name: 'alarms' })).toMatchObject(described);
    await expect(callOf(bus, 'DescribeRule', { Name: 'no' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('is refused by name where it asks for what is not modelled', () => {
    const refused: [Partial<RuleDefinition>, string][] = [
      [{ scheduleExpression: 'rate(1 minute)' }, 'schedule'],
      [{ targets: [{ Arn: guard, Id: 'a', InputTransformer: {} } as never] }, 'InputTransformer'],
      [{ targets: [{ Arn: 'arn:aws:sqs:us-west-2:123456789012:q', Id: 'a' }] }, 'sqs'],
      [{ eventPattern: { source: [{ suffix: 'x' }] } }, 'suffix'],
      [{ eventPattern: { $or: [] } }, '$or'],
    ];
    for (const [definition, name] of refused) expect(() => rule(definition)).toThrow(name);
  });
});

describe('an event pattern', () => {
  const event = {
    source: 'aws.ec2',
    resources: ['arn:a', 'arn:b'],
    detail: { state: { value: 'ALARM' }, count: 3, empty: null },
  };
  it.each([
    [{ source: ['x', 'aws.ec2'] }, true],
    [{ source: ['aws'] }, false],
    [{ source: [{ prefix: 'aws.' }] }, true],
    [{ resources: ['arn:b'] }, true],
    [{ resources: ['arn:c'] }, false],
    [{ detail: { state: { value: ['ALARM'] }, count: [3] } }, true],
    [{ detail: { state: { value: ['ALARM'] }, count: ['3'] } }, false],
    [{ detail: { empty: [null] } }, true],
    [{ detail: { absent: [null] } }, false],
    [{ detail: { state: { value: [{ 'anything-but': 'OK' }] } } }, true],
    [{ detail: { state: { value: [{ 'anything-but': ['OK', 'ALARM'] }] } } }, false],
    [{ source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
    [{ detail: { absent: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { count: [{ exists: true }] } }, true],
    [{ detail: { absent: [{ exists: false }] } }, true],
    [{ absent: { below: [{ exists: false }] } }, true],
    [{ detail: { count: [{ exists: false }] } }, false],
  ])('%j: %s', (pattern, expected) => {
    expect(matcherOf(pattern)(event)).toBe(expected);
  });

  it('whose leaf is not a list is invalid', () => {
    expect(() => matcherOf({ source: 'aws.ec2' })).toThrow('Event pattern is not valid');
  });
});
