import { beforeEach, describe, expect, it } from 'vitest';
import { evaluate, settingsOf } from '../../sim/cloudwatch/alarm.ts';
import { CloudWatch } from '../../sim/cloudwatch/cloudwatch.ts';
import { EventBridge } from '../../sim/eventbridge/eventbridge.ts';
import { Sns } from '../../sim/sns/sns.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

interface Described {
  StateValue: string;
  StateUpdatedTimestamp: Date;
  StateTransitionedTimestamp: Date;
}

let cloud: ManualCloud;
let watch: CloudWatch;
let bus: EventBridge;
let sns: Sns;
let invoked: { arn: string; payload: Record<string, unknown> }[];

const heartbeat = {
  AlarmName: 'heartbeat',
  Namespace: 'Shop',
  MetricName: 'Heartbeat',
  Dimensions: [{ Name: 'Site', Value: 'primary' }],
  Statistic: 'SampleCount' as const,
  Period: 60,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 3,
  Threshold: 1,
  ComparisonOperator: 'LessThanThreshold' as const,
  TreatMissingData: 'breaching',
};

beforeEach(() => {
  cloud = new ManualCloud();
  bus = cloud.hold('eventbridge', new EventBridge(cloud.surroundings()));
  sns = cloud.hold('sns', new Sns(cloud.surroundings()));
  invoked = [];
  cloud.hold('lambda', { invoke: async (arn: string, payload: never) => invoked.push({ arn, payload }) });
  watch = cloud.hold('cloudwatch', new CloudWatch(cloud.surroundings()));
});

const beat = (Value = 1, Timestamp?: Date) =>
  callOf(watch, 'PutMetricData', {
    Namespace: 'Shop',
    MetricData: [
      {
        MetricName: 'Heartbeat',
        Dimensions: heartbeat.Dimensions,
        Value,
        ...(Timestamp === undefined ? {} : { Timestamp }),
      },
    ],
  });
const beatFor = async (minutes: number) => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await beat();
    await cloud.advance(60);
  }
};
const described = async (name = 'heartbeat') => {
  const { MetricAlarms } = await callOf<{ MetricAlarms: Described[] }>(watch, 'DescribeAlarms', { AlarmNames: [name] });
  return MetricAlarms[0];
};
const states = () => watch.transitions.map(({ state }) => state.value);

describe('an alarm on a heartbeat', () => {
  it('begins without enough data, is OK where beats were there before, and alarms when the last good beat leaves its view', async () => {
    await beatFor(1);
    expect(watch.putAlarmFromTemplate(heartbeat)).toEqual({
      arn: 'arn:aws:cloudwatch:us-west-2:123456789012:alarm:heartbeat',
      name: 'heartbeat',
    });
    expect(await described()).toMatchObject({ StateValue: 'INSUFFICIENT_DATA' });
    await beatFor(10);
    expect((await described())?.StateValue).toBe('OK');
    const stopped = cloud.clock.now();
    await cloud.advance(600);
    expect(states()).toEqual(['OK', 'ALARM']);
    const noticedSeconds = ((watch.transitions[1]?.state.transitionedAt ?? 0) - stopped) / 1000;
    expect(noticedSeconds).toBeGreaterThan(5 * 60);
    expect(noticedSeconds).toBeLessThan(5 * 60 + 11);
  });

  it('alarms after exactly its periods when it looks no further back', async () => {
    watch.extraPeriods = 0;
    watch.putAlarmFromTemplate(heartbeat);
    await beatFor(5);
    const stopped = cloud.clock.now();
    await cloud.advance(600);
    expect(((watch.transitions[1]?.state.transitionedAt ?? 0) - stopped) / 1000).toBeLessThan(3 * 60 + 11);
  });

  it('that was never sent alarms within seconds of its deployment', async () => {
    watch.putAlarmFromTemplate(heartbeat);
    await cloud.advance(15);
    expect(states()).toEqual(['ALARM']);
  });

  it('is judged by nobody while its Region is silent', async () => {
    watch.putAlarmFromTemplate(heartbeat);
    cloud.silent.add('us-west-2');
    await cloud.advance(1200);
    expect(states()).toEqual([]);
    cloud.silent.clear();
    await cloud.advance(75);
    expect(states()).toEqual(['ALARM']);
  });
});

describe('a transition', () => {
  const topic = () => sns.createTopic({ name: 'notices' });
  const guard = 'arn:aws:lambda:us-west-2:123456789012:function:guard';

  it('is told to EventBridge once, with both states', async () => {
    await beatFor(1);
    watch.putAlarmFromTemplate({ ...heartbeat, AlarmDescription: 'no heartbeat' });
    await beatFor(2);
    await cloud.advance(1200);
    expect(bus.events).toHaveLength(2);
    expect(bus.events[1]).toMatchObject({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:us-west-2:123456789012:alarm:heartbeat'],
      detail: {
        alarmName: 'heartbeat',
        state: { value: 'ALARM', timestamp: expect.stringMatching(/^2026-01-05T10:\d\d:\d\d\.\d{3}\+0000$/) },
        previousState: { value: 'OK' },
        configuration: {
          description: 'no heartbeat',
          metrics: [
            {
              id: 'm1',
              metricStat: {
                metric: { namespace: 'Shop', name: 'Heartbeat', dimensions: { Site: 'primary' } },
                period: 60,
                stat: 'SampleCount',
              },
              returnData: true,
            },
          ],
        },
      },
    });
  });

  it('runs the actions of its new state only, to topics and functions', async () => {
    await beatFor(1);
    watch.putAlarmFromTemplate({ ...heartbeat, AlarmActions: [topic(), guard] });
    await beatFor(2);
    expect([sns.messages.length, invoked.length]).toEqual([0, 0]);
    await cloud.advance(1200);
    expect(JSON.parse(sns.messages[0]?.message ?? '')).toMatchObject({ NewStateValue: 'ALARM', OldStateValue: 'OK' });
    expect(invoked).toMatchObject([
      {
        arn: guard,
        payload: { source: 'aws.cloudwatch', alarmData: { alarmName: 'heartbeat', state: { value: 'ALARM' } } },
      },
    ]);
  });

  it('runs no action where actions are disabled', async () => {
    watch.putAlarmFromTemplate({ ...heartbeat, AlarmActions: [topic()], ActionsEnabled: false });
    await cloud.advance(120);
    expect([bus.events.length, sns.messages.length]).toEqual([1, 0]);
  });

  it('by hand lasts until the next evaluation; the same state again is no transition, only an update', async () => {
    await beatFor(1);
    watch.putAlarmFromTemplate(heartbeat);
    await beatFor(2);
    await cloud.advance(1);
    const set = (StateValue: string) =>
      callOf(watch, 'SetAlarmState', { AlarmName: 'heartbeat', StateValue, StateReason: 'drill' });
    await set('ALARM');
    const first = await described();
    await cloud.advance(1);
    await set('ALARM');
    const second = await described();
    expect(second?.StateTransitionedTimestamp).toEqual(first?.StateTransitionedTimestamp);
    expect(second?.StateUpdatedTimestamp).not.toEqual(first?.StateUpdatedTimestamp);
    await beat();
    await cloud.advance(75);
    expect(states()).toEqual(['OK', 'ALARM', 'OK']);
    await expect(callOf(watch, 'SetAlarmState', { AlarmName: 'no', StateValue: 'OK' })).rejects.toMatchObject({
      code: 'ResourceNotFound',
    });
  });
});

/** Rows of the CloudWatch guide, oldest data point first: 0 good, X breaching, - missing; states by treatment; OK before. */
describe('missing data, by the tables of the CloudWatch guide', () => {
  const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
  it.each([
    ['0 - X - X', 3, ['OK', 'OK', 'OK', 'OK']],
    ['0 - - - -', 3, ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', 3, ['INSUFFICIENT_DATA', 'current', 'ALARM', 'OK']],
    ['0 X X - X', 3, ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', 3, ['ALARM', 'current', 'ALARM', 'OK']],
    ['- - - - X', 3, ['current', 'current', 'ALARM', 'OK']],
    ['0 - X - X', 2, ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', 2, ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', 2, ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', 2, ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', 2, ['ALARM', 'current', 'ALARM', 'OK']],
  ])('%s, %d of 3: %j', (row, datapointsToAlarm, expected) => {
    const points = row
      .split(' ')
      .reverse()
      .map((mark) => ({ '0': 5, X: 0, '-': undefined })[mark]);
    const got = treatments.map((TreatMissingData) => {
      const settings = settingsOf({ ...heartbeat, TreatMissingData, DatapointsToAlarm: datapointsToAlarm });
      return (['OK', 'ALARM'] as const).map((current) => evaluate(settings, points, current).state);
    });
    expect(got).toEqual(expected.map((state) => (state === 'current' ? ['OK', 'ALARM'] : [state, state])));
  });
});

describe('a threshold', () => {
  it.each([
    ['GreaterThanOrEqualToThreshold', [false, true, true]],
    ['GreaterThanThreshold', [false, false, true]],
    ['LessThanThreshold', [true, false, false]],
    ['LessThanOrEqualToThreshold', [true, true, false]],
  ] as const)('%s', (ComparisonOperator, expected) => {
    const settings = settingsOf({ ...heartbeat, ComparisonOperator, EvaluationPeriods: 1, DatapointsToAlarm: 1 });
    expect([0, 1, 2].map((value) => evaluate(settings, [value], 'OK').state === 'ALARM')).toEqual(expected);
  });
});

describe('metrics', () => {
  it('give every statistic per period, and nothing for periods without samples', async () => {
    const StartTime = new Date(cloud.clock.now());
    await beat(2);
    await beat(4);
    await cloud.advance(120);
    await beat(7);
    const { Datapoints } = await callOf(watch, 'GetMetricStatistics', {
      Namespace: 'Shop',
      MetricName: 'Heartbeat',
      Dimensions: heartbeat.Dimensions,
      StartTime,
      EndTime: new Date(cloud.clock.now() + 1000),
      Period: 60,
      Statistics: ['Sum', 'Minimum', 'Maximum', 'Average', 'SampleCount'],
    });
    expect(Datapoints).toEqual([
      { Timestamp: StartTime, Sum: 6, Minimum: 2, Maximum: 4, Average: 3, SampleCount: 2 },
      { Timestamp: new Date(cloud.clock.now()), Sum: 7, Minimum: 7, Maximum: 7, Average: 7, SampleCount: 1 },
    ]);
  });

  it('are listed by name and dimensions', async () => {
    await beat();
    expect(await callOf(watch, 'ListMetrics', { Namespace: 'Shop', Dimensions: [{ Name: 'Site' }] })).toEqual({
      Metrics: [{ Namespace: 'Shop', MetricName: 'Heartbeat', Dimensions: heartbeat.Dimensions }],
    });
    expect(await callOf(watch, 'ListMetrics', { Dimensions: [{ Name: 'Site', Value: 'other' }] })).toEqual({
      Metrics: [],
    });
  });

  it('refuse samples older than two weeks, and store nothing of that call', async () => {
    const old = beat(1, new Date(cloud.clock.now() - 15 * 24 * 3600 * 1000));
    await expect(old).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    expect(await callOf(watch, 'ListMetrics', {})).toEqual({ Metrics: [] });
  });
});

describe('PutMetricAlarm', () => {
  it('on a known alarm leaves its state and judges by the new settings', async () => {
    watch.putAlarmFromTemplate(heartbeat);
    await beatFor(2);
    await callOf(watch, 'PutMetricAlarm', { ...heartbeat, Threshold: 3 });
    expect((await described())?.StateValue).toBe('OK');
    await beatFor(4);
    expect((await described())?.StateValue).toBe('ALARM');
  });

  it('refuses M greater than N, and what is not modelled by name', () => {
    expect(() => watch.putAlarmFromTemplate({ ...heartbeat, DatapointsToAlarm: 4 })).toThrow('DatapointsToAlarm');
    expect(() => watch.putAlarmFromTemplate({ ...heartbeat, Metrics: [] })).toThrow('Metrics');
    expect(() => watch.putAlarmFromTemplate({ ...heartbeat, Period: 10 })).toThrow('high-resolution');
    expect(() =>
      watch.putAlarmFromTemplate({ ...heartbeat, AlarmActions: ['arn:aws:automate:us-west-2:ec2:stop'] }),
    ).toThrow('automate');
  });

  it('looks back over a day at most, and over 7 with periods of an hour and more', () => {
    const over = (Period: number, EvaluationPeriods: number) => () =>
      watch.putAlarmFromTemplate({ ...heartbeat, Period, EvaluationPeriods, DatapointsToAlarm: 1 });
    expect(over(60, 1_440)).not.toThrow();
    expect(over(60, 1_441)).toThrow('1 days with a period of 60 seconds');
    expect(over(3_600, 168)).not.toThrow();
    expect(over(3_600, 169)).toThrow('7 days');
  });

  it('of a deleted alarm changes nothing any more', async () => {
    watch.putAlarmFromTemplate(heartbeat);
    await callOf(watch, 'DeleteAlarms', { AlarmNames: ['heartbeat'] });
    await cloud.advance(600);
    expect([await described(), states()]).toEqual([undefined, []]);
  });
});

describe('a composite alarm', () => {
  const arn = (name: string) => `arn:aws:cloudwatch:us-west-2:123456789012:alarm:${name}`;
  const two = `AT_LEAST(2, ALARM, ("${arn('heartbeat')}", "${arn('door')}"))`;
  const composite = { AlarmName: 'both', AlarmRule: two };
  const states = () => watch.composites.transitions.map(({ state }) => state.value);
  beforeEach(() => {
    watch.putAlarmFromTemplate(heartbeat);
    watch.putAlarmFromTemplate({ ...heartbeat, AlarmName: 'door', MetricName: 'Door', TreatMissingData: 'missing' });
  });

  it('is off whatever its children lack, on while so many are on, and tells each change once', async () => {
    bus.putRuleFromTemplate({
      name: 'alarms',
      eventPattern: { source: ['aws.cloudwatch'], resources: [arn('both')] },
      targets: [{ Id: 'guard', Arn: 'arn:aws:lambda:us-west-2:123456789012:function:guard' }],
      state: 'ENABLED',
    });
    watch.putCompositeFromTemplate(composite);
    // Past the looks of this minute, after which a state that was set by hand stays for a while.
    await cloud.advance(192);
    expect(states()).toEqual(['OK']);
    const set = (AlarmName: string, StateValue: string) =>
      callOf(watch, 'SetAlarmState', { AlarmName, StateValue, StateReason: 'a test' });
    await set('door', 'ALARM');
    await cloud.advance(15);
    expect(states()).toEqual(['OK', 'ALARM']);
    const described = await callOf(watch, 'DescribeAlarms', { AlarmNames: ['both'], AlarmTypes: ['CompositeAlarm'] });
    expect(described).toMatchObject({ MetricAlarms: [], CompositeAlarms: [{ StateValue: 'ALARM', AlarmRule: two }] });
    expect(await callOf(watch, 'DescribeAlarms', { AlarmNames: ['both'] })).toMatchObject({ CompositeAlarms: [] });
    await set('heartbeat', 'OK');
    await cloud.advance(15);
    expect(states()).toEqual(['OK', 'ALARM', 'OK']);
    expect(invoked.map(({ payload }) => payload)).toMatchObject(
      ['OK', 'ALARM', 'OK'].map((value) => ({
        'detail-type': 'CloudWatch Alarm State Change',
        detail: { alarmName: 'both', state: { value }, configuration: { alarmRule: two } },
      })),
    );
  });

  it('is not judged while its Region is silent, and is afterwards', async () => {
    watch.putCompositeFromTemplate({ ...composite, AlarmRule: two.replace('2', '1') });
    cloud.silent.add('us-west-2');
    await cloud.advance(60);
    expect(states()).toEqual([]);
    cloud.silent.delete('us-west-2');
    await cloud.advance(120);
    expect(states().at(-1)).toBe('ALARM');
  });

  it('refuses what AWS refuses, and every rule that is not modelled', () => {
    const rule = (AlarmRule: string) => () => watch.putCompositeFromTemplate({ ...composite, AlarmRule });
    expect(rule(two.replace('2', '3'))).toThrow('AT_LEAST must be 1 to 2, not 3');
    expect(rule(two.replace('door', 'gate'))).toThrow(/alarm:gate does not exist/);
    expect(rule(two.replace('door', 'heartbeat'))).toThrow('each alarm once');
    for (const other of [
      `ALARM("${arn('door')}")`,
      two.replace('2', '50%'),
      two.replace('ALARM', 'NOT OK'),
      `${two} OR TRUE`,
    ])
      expect(rule(other)).toThrow(/alarm rule/);
    const actions = { ...composite, AlarmActions: ['arn:aws:sns:us-west-2:123456789012:t'] };
    expect(() => watch.putCompositeFromTemplate(actions)).toThrow('AlarmActions of composite alarms');
  });
});
