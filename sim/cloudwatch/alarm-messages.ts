import type { MetricAlarm, StateValue } from '@aws-sdk/client-cloudwatch';
import type { AlarmSettings } from './alarm.ts';
import type { CompositeSettings } from './composite.ts';

/** A state as it was entered. */
export interface AlarmState {
  readonly value: StateValue;
  readonly reason: string;
  /** JSON. */
  readonly reasonData: string;
  /** When `value` was last changed or set. */
  readonly updatedAt: number;
  /** When `value` last became another one. */
  readonly transitionedAt: number;
}

interface TransitionOf<Settings> {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly settings: Settings;
  readonly previous: AlarmState;
  readonly state: AlarmState;
}

/** An alarm that went from one state to another. */
export type Transition = TransitionOf<AlarmSettings>;

export type CompositeTransition = TransitionOf<CompositeSettings>;

/** Of an alarm that nobody has judged yet, of either kind. */
export function firstState(now: number): AlarmState {
  const reason = 'Unchecked: Initial alarm creation';
  return { value: 'INSUFFICIENT_DATA', reason, reasonData: '', updatedAt: now, transitionedAt: now };
}

/** The EventBridge event of a transition. @source aws-facts [5.8, 11] */
export function eventOf(transition: Transition) {
  return {
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    resources: [transition.arn],
    detail: alarmDataOf(transition),
  };
}

/** The same of a composite alarm. @source EventBridge events of CloudWatch alarms, composite alarm */
export function compositeEventOf({ arn, settings, previous, state }: CompositeTransition) {
  return {
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    resources: [arn],
    detail: {
      alarmName: settings.name,
      state: stateOf(state),
      previousState: stateOf(previous),
      configuration: { description: settings.description ?? '', alarmRule: settings.rule },
    },
  };
}

/** What a Lambda function receives that is an action of the alarm. @source aws-facts [5.8] */
export function lambdaPayloadOf(transition: Transition) {
  return {
    source: 'aws.cloudwatch',
    alarmArn: transition.arn,
    accountId: transition.account,
    time: instant(transition.state.transitionedAt),
    region: transition.region,
    alarmData: alarmDataOf(transition),
  };
}

/** Subject and text of the message to an SNS topic that is an action of the alarm. */
export function noticeOf({ arn, account, region, settings, previous, state }: Transition) {
  const { name, description, metric } = settings;
  return {
    subject: `${state.value}: "${name}" in ${region}`.slice(0, 100),
    message: JSON.stringify({
      AlarmName: name,
      AlarmDescription: description ?? null,
      AWSAccountId: account,
      AlarmArn: arn,
      NewStateValue: state.value,
      OldStateValue: previous.value,
      NewStateReason: state.reason,
      StateChangeTime: instant(state.transitionedAt),
      Region: region,
      Trigger: {
        MetricName: metric.name,
        Namespace: metric.namespace,
        Statistic: settings.statistic,
        Dimensions: metric.dimensions.map(({ Name, Value }) => ({ name: Name, value: Value })),
        Period: settings.periodSeconds,
        EvaluationPeriods: settings.evaluationPeriods,
        DatapointsToAlarm: settings.datapointsToAlarm,
        ComparisonOperator: settings.comparison,
        Threshold: settings.threshold,
        TreatMissingData: settings.missing,
      },
    }),
  };
}

function alarmDataOf({ settings, previous, state }: Transition) {
  const { name, description, metric, periodSeconds, statistic } = settings;
  const dimensions = Object.fromEntries(metric.dimensions.map(({ Name, Value }) => [Name, Value]));
  const metricStat = {
    metric: { namespace: metric.namespace, name: metric.name, dimensions },
    period: periodSeconds,
    stat: statistic,
  };
  return {
    alarmName: name,
    state: stateOf(state),
    previousState: stateOf(previous),
    configuration: { description: description ?? '', metrics: [{ id: 'm1', metricStat, returnData: true }] },
  };
}

/** An alarm as DescribeAlarms tells it. */
export function metricAlarmOf(
  arn: string,
  {
    settings,
    configuredAt,
    state,
  }: { readonly settings: AlarmSettings; readonly configuredAt: number; readonly state: AlarmState },
): MetricAlarm {
  const { metric, actions } = settings;
  return {
    AlarmName: settings.name,
    AlarmArn: arn,
    ...(settings.description === undefined ? {} : { AlarmDescription: settings.description }),
    AlarmConfigurationUpdatedTimestamp: new Date(configuredAt),
    ActionsEnabled: settings.actionsEnabled,
    OKActions: [...actions.OK],
    AlarmActions: [...actions.ALARM],
    InsufficientDataActions: [...actions.INSUFFICIENT_DATA],
    StateValue: state.value,
    StateReason: state.reason,
    ...(state.reasonData === '' ? {} : { StateReasonData: state.reasonData }),
    StateUpdatedTimestamp: new Date(state.updatedAt),
    StateTransitionedTimestamp: new Date(state.transitionedAt),
    MetricName: metric.name,
    Namespace: metric.namespace,
    Statistic: settings.statistic,
    Dimensions: [...metric.dimensions],
    Period: settings.periodSeconds,
    EvaluationPeriods: settings.evaluationPeriods,
    DatapointsToAlarm: settings.datapointsToAlarm,
    Threshold: settings.threshold,
    ComparisonOperator: settings.comparison,
    TreatMissingData: settings.missing,
  };
}

function stateOf({ value, reason, reasonData, transitionedAt }: AlarmState) {
  return { value, reason, reasonData, timestamp: instant(transitionedAt) };
}

/** As CloudWatch writes times: `2026-01-05T10:00:00.000+0000`. */
function instant(at: number): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}
