import type {
  DeleteAlarmsInput,
  DescribeAlarmsInput,
  DescribeAlarmsOutput,
  GetMetricStatisticsInput,
  GetMetricStatisticsOutput,
  ListMetricsInput,
  ListMetricsOutput,
  PutCompositeAlarmInput,
  PutMetricAlarmInput,
  PutMetricDataInput,
  SetAlarmStateInput,
  StateValue,
} from '@aws-sdk/client-cloudwatch';
import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { ALARM_MEMBERS, type AlarmSettings, evaluate, settingsOf } from './alarm.ts';
import {
  type AlarmState,
  eventOf,
  firstState,
  lambdaPayloadOf,
  metricAlarmOf,
  noticeOf,
  type Transition,
} from './alarm-messages.ts';
import { CompositeAlarms } from './composite.ts';
import { MetricStore, statisticOf } from './metrics.ts';

declare module '../cloud.ts' {
  interface Services {
    cloudwatch: CloudWatch;
  }
}

interface Alarm {
  settings: AlarmSettings;
  configuredAt: number;
  state: AlarmState;
  /** What its metric alone says, whatever its state was set to; missing data say nothing. */
  judgement: StateValue;
}

/** A period's data is judged up to so long after its end. */
const EVALUATION_DELAY_MS_MAX = 10_000;
const DATA_MAX = 1_000;
const DATAPOINTS_MAX = 1_440;
const METRICS_PER_PAGE = 500;
const ALARMS_PER_PAGE = 100;

/** The simulated CloudWatch of one Region: metrics, and alarms that are judged after every period. */
export class CloudWatch implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every change of an alarm's state, oldest first. */
  readonly transitions: Transition[] = [];
  readonly composites: CompositeAlarms;
  /**
   * How many data points more than it needs an alarm looks back for where some are missing. AWS does not say how many; in its
   * example an alarm of three periods looks at five, so a heartbeat that stops is noticed two periods later than its N says.
   */
  extraPeriods = 2;
  readonly #surroundings: Surroundings;
  readonly #metrics = new MetricStore();
  readonly #alarms = new Map<string, Alarm>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.composites = new CompositeAlarms(surroundings, (arn) => this.#stateOf(arn));
    this.operations = {
      PutMetricData: operation<PutMetricDataInput, object>(['Namespace', 'MetricData'], (input) => this.#put(input)),
      GetMetricStatistics: operation<GetMetricStatisticsInput, GetMetricStatisticsOutput>(
        ['Namespace', 'MetricName', 'Dimensions', 'StartTime', 'EndTime', 'Period', 'Statistics'],
        (input) => this.#statistics(input),
      ),
      ListMetrics: operation<ListMetricsInput, ListMetricsOutput>(
        ['Namespace', 'MetricName', 'Dimensions', 'NextToken'],
        (input) => this.#list(input),
      ),
      PutMetricAlarm: operation<PutMetricAlarmInput, object>(ALARM_MEMBERS, (input) => {
        this.#configure(input);
        return {};
      }),
      DescribeAlarms: operation<DescribeAlarmsInput, DescribeAlarmsOutput>(
        ['AlarmNames', 'AlarmNamePrefix', 'AlarmTypes', 'StateValue', 'MaxRecords', 'NextToken'],
        (input) => this.#describe(input),
      ),
      SetAlarmState: operation<SetAlarmStateInput, object>(
        ['AlarmName', 'StateValue', 'StateReason', 'StateReasonData'],
        (input) => this.#set(input),
      ),
      DeleteAlarms: operation<DeleteAlarmsInput, object>(['AlarmNames'], ({ AlarmNames = [] }) =>
        this.#delete(AlarmNames),
      ),
    };
  }

  /** Deploys an alarm from the properties of a template. */
  putAlarmFromTemplate(properties: PutMetricAlarmInput): { arn: string; name: string } {
    const other = Object.keys(properties).find((name) => !ALARM_MEMBERS.some((known) => known === name));
    if (other !== undefined) throw new NotModelled(`${other} of alarms`);
    const { name } = this.#configure(properties);
    return { arn: this.#arn(name), name };
  }

  /** Deploys a composite alarm from the properties of a template. */
  putCompositeFromTemplate(properties: PutCompositeAlarmInput): { arn: string; name: string } {
    if (this.#alarms.has(properties.AlarmName ?? ''))
      throw new AwsError('ValidationError', `${properties.AlarmName} is a metric alarm`);
    return this.composites.put(properties);
  }

  #stateOf(arn: string): StateValue | undefined {
    const alarm = [...this.#alarms.values()].find(({ settings }) => this.#arn(settings.name) === arn);
    return alarm?.state.value;
  }

  /** Whether an alarm needs M of N data points; `undefined` where there is none of this name. */
  isMOutOfN(name: string): boolean | undefined {
    const settings = this.#alarms.get(name)?.settings;
    return settings === undefined ? undefined : settings.datapointsToAlarm !== settings.evaluationPeriods;
  }

  /** What the metric of an alarm says, as health checks look at it. */
  judgementOf(name: string): StateValue | undefined {
    return this.#alarms.get(name)?.judgement;
  }

  #put({ Namespace = '', MetricData = [] }: PutMetricDataInput): object {
    if (Namespace === '') throw invalid('The parameter Namespace is required.');
    if (MetricData.length > DATA_MAX)
      throw invalid(`The collection MetricData must not have a size greater than ${DATA_MAX}.`);
    this.#metrics.put(Namespace, MetricData, this.#surroundings.cloud.clock.now());
    return {};
  }

  #statistics(input: GetMetricStatisticsInput): GetMetricStatisticsOutput {
    const { Namespace = '', MetricName = '', Dimensions = [], Period = 60, Statistics = [] } = input;
    const start = new Date(input.StartTime ?? 0).getTime();
    const end = new Date(input.EndTime ?? 0).getTime();
    const step = Period * 1000;
    if (Period < 60 || Period % 60 !== 0) throw invalid('The parameter Period must be a multiple of 60.');
    if (start >= end) throw invalid('The parameter StartTime must be less than the parameter EndTime.');
    const from = start - (start % step);
    if ((end - from) / step > DATAPOINTS_MAX)
      throw invalid(`You have requested more than ${DATAPOINTS_MAX} datapoints.`);
    const metric = { namespace: Namespace, name: MetricName, dimensions: Dimensions };
    const Datapoints = [];
    for (let at = from; at < end; at += step) {
      const sample = this.#metrics.window(metric, at, Math.min(at + step, end));
      if (sample === undefined) continue;
      const values = Object.fromEntries(Statistics.map((statistic) => [statistic, statisticOf(sample, statistic)]));
      Datapoints.push({ Timestamp: new Date(at), ...values });
    }
    return { Label: MetricName, Datapoints };
  }

  #list({ Namespace, MetricName, Dimensions = [], NextToken }: ListMetricsInput): ListMetricsOutput {
    const all = this.#metrics
      .list()
      .filter(
        (metric) =>
          (Namespace === undefined || metric.namespace === Namespace) &&
          (MetricName === undefined || metric.name === MetricName) &&
          Dimensions.every(({ Name, Value }) =>
            metric.dimensions.some((one) => one.Name === Name && (Value === undefined || one.Value === Value)),
          ),
      );
    const from = Number(NextToken ?? 0);
    const until = from + METRICS_PER_PAGE;
    const Metrics = all.slice(from, until).map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: [...dimensions],
    }));
    return { Metrics, ...(until < all.length ? { NextToken: String(until) } : {}) };
  }

  #configure(input: PutMetricAlarmInput): AlarmSettings {
    const settings = settingsOf(input);
    const now = this.#surroundings.cloud.clock.now();
    const known = this.#alarms.get(settings.name);
    if (known !== undefined) {
      // A change of the settings leaves the state as it is; the next evaluation judges by the new ones.
      const keepsRhythm = known.settings.periodSeconds === settings.periodSeconds;
      const alarm = keepsRhythm
        ? Object.assign(known, { settings, configuredAt: now })
        : { ...known, settings, configuredAt: now };
      this.#alarms.set(settings.name, alarm);
      if (!keepsRhythm) this.#watch(alarm);
      return settings;
    }
    const alarm: Alarm = { settings, configuredAt: now, state: firstState(now), judgement: 'INSUFFICIENT_DATA' };
    this.#alarms.set(settings.name, alarm);
    this.#watch(alarm);
    return settings;
  }

  /** Judges the alarm after every period of its own, as long as it is deployed. */
  #watch(alarm: Alarm): void {
    const { clock, random } = this.#surroundings.cloud;
    const { name, periodSeconds } = alarm.settings;
    const period = periodSeconds * 1000;
    const delay = 1 + random.fork(`alarm ${this.#surroundings.region} ${name}`).below(EVALUATION_DELAY_MS_MAX);
    const next = (): void => {
      const now = clock.now();
      const since = now - delay;
      clock.after(period - (since % period), () => {
        if (this.#alarms.get(alarm.settings.name) !== alarm) return;
        this.#evaluate(alarm);
        next();
      });
    };
    next();
  }

  #evaluate(alarm: Alarm): void {
    const { cloud, region } = this.#surroundings;
    if (cloud.faults.isSilent(region)) return;
    const { settings } = alarm;
    const period = settings.periodSeconds * 1000;
    const end = cloud.clock.now() - (cloud.clock.now() % period);
    const points = Array.from({ length: settings.evaluationPeriods + this.extraPeriods }, (_, age) => {
      const sample = this.#metrics.window(settings.metric, end - (age + 1) * period, end - age * period);
      return sample === undefined ? undefined : statisticOf(sample, settings.statistic);
    });
    alarm.judgement = evaluate({ ...settings, missing: 'missing' }, points, alarm.judgement).state;
    const { state, reason } = evaluate(settings, points, alarm.state.value);
    if (state === alarm.state.value) return;
    const reasonData = JSON.stringify({
      version: '1.0',
      queryDate: new Date(cloud.clock.now()).toISOString().replace('Z', '+0000'),
      statistic: settings.statistic,
      period: settings.periodSeconds,
      recentDatapoints: points.filter((point) => point !== undefined).reverse(),
      threshold: settings.threshold,
    });
    this.#enter(alarm, state, reason, reasonData);
  }

  #enter(alarm: Alarm, value: StateValue, reason: string, reasonData: string): void {
    const { cloud, region, account } = this.#surroundings;
    const now = cloud.clock.now();
    const previous = alarm.state;
    const isTransition = value !== previous.value;
    alarm.state = {
      value,
      reason,
      reasonData,
      updatedAt: now,
      transitionedAt: isTransition ? now : previous.transitionedAt,
    };
    if (!isTransition) return;
    const { settings, state } = alarm;
    const transition = { arn: this.#arn(settings.name), account, region, settings, previous, state };
    this.transitions.push(transition);
    this.composites.follow(transition.arn);
    cloud.services(region).eventbridge.emit(eventOf(transition));
    if (settings.actionsEnabled) for (const arn of settings.actions[value]) this.#act(arn, transition);
  }

  #act(arn: string, transition: Transition): void {
    const { sns, lambda } = this.#surroundings.cloud.services(this.#surroundings.region);
    if (arn.startsWith('arn:aws:lambda:')) {
      void lambda.invoke(arn, lambdaPayloadOf(transition), { async: true });
      return;
    }
    const { subject, message } = noticeOf(transition);
    sns.publish(arn, message, subject);
  }

  #describe(input: DescribeAlarmsInput): DescribeAlarmsOutput {
    const { AlarmNames, AlarmNamePrefix = '', AlarmTypes = ['MetricAlarm'], StateValue, MaxRecords = 50 } = input;
    if (MaxRecords < 1 || MaxRecords > ALARMS_PER_PAGE)
      throw new AwsError('ValidationError', 'MaxRecords must be 1 to 100');
    const matches = (name: string, state: StateValue) =>
      (AlarmNames === undefined || AlarmNames.includes(name)) &&
      name.startsWith(AlarmNamePrefix) &&
      (StateValue === undefined || state === StateValue);
    const matching = [...this.#alarms.values()].filter(
      ({ settings, state }) => AlarmTypes.includes('MetricAlarm') && matches(settings.name, state.value),
    );
    const composites = AlarmTypes.includes('CompositeAlarm') ? this.composites.describe(matches) : [];
    if (composites.length > MaxRecords) throw new NotModelled('pages of composite alarms');
    const from = Number(input.NextToken ?? 0);
    const until = from + MaxRecords;
    return {
      CompositeAlarms: composites,
      MetricAlarms: matching.slice(from, until).map((alarm) => metricAlarmOf(this.#arn(alarm.settings.name), alarm)),
      ...(until < matching.length ? { NextToken: String(until) } : {}),
    };
  }

  #set({ AlarmName = '', StateValue, StateReason = '', StateReasonData = '' }: SetAlarmStateInput): object {
    const alarm = this.#alarms.get(AlarmName);
    if (this.composites.has(AlarmName)) throw new NotModelled('setting the state of a composite alarm');
    if (alarm === undefined) throw new AwsError('ResourceNotFound', `Alarm ${AlarmName} does not exist`, 404);
    if (StateValue === undefined) throw new AwsError('ValidationError', 'StateValue is required');
    this.#enter(alarm, StateValue, StateReason, StateReasonData);
    return {};
  }

  #delete(names: readonly string[]): object {
    if (names.some((name) => this.composites.has(name) || this.composites.watches(this.#arn(name))))
      throw new NotModelled('deleting composite alarms and what they watch');
    for (const name of names) this.#alarms.delete(name);
    return {};
  }

  #arn(name: string): string {
    return `arn:aws:cloudwatch:${this.#surroundings.region}:${this.#surroundings.account}:alarm:${name}`;
  }
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
