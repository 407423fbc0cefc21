import type { ComparisonOperator, PutMetricAlarmInput, StateValue, Statistic } from '@aws-sdk/client-cloudwatch';
import { AwsError, NotModelled } from '../service.ts';
import type { MetricName } from './metrics.ts';

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

/** What an alarm watches and does. */
export interface AlarmSettings {
  readonly name: string;
  readonly description: string | undefined;
  readonly metric: MetricName;
  readonly statistic: Statistic;
  readonly periodSeconds: number;
  /** N of "M of N". */
  readonly evaluationPeriods: number;
  /** M of "M of N". */
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: ComparisonOperator;
  readonly missing: MissingData;
  readonly actionsEnabled: boolean;
  readonly actions: Readonly<Record<StateValue, readonly string[]>>;
}

/** A state and why. */
export interface Verdict {
  readonly state: StateValue;
  readonly reason: string;
}

/** Members of PutMetricAlarm and properties of templates that are modelled. */
export const ALARM_MEMBERS = [
  'AlarmName',
  'AlarmDescription',
  'ActionsEnabled',
  'OKActions',
  'AlarmActions',
  'InsufficientDataActions',
  'MetricName',
  'Namespace',
  'Statistic',
  'Dimensions',
  'Period',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'Threshold',
  'ComparisonOperator',
  'TreatMissingData',
  'Tags',
] as const satisfies readonly (keyof PutMetricAlarmInput)[];

const STATISTICS: readonly string[] = ['Sum', 'Minimum', 'Maximum', 'Average', 'SampleCount'];
const COMPARISONS: Readonly<
  Record<string, { words: string; breaches: (value: number, threshold: number) => boolean }>
> = {
  GreaterThanOrEqualToThreshold: {
    words: 'greater than or equal to',
    breaches: (value, threshold) => value >= threshold,
  },
  GreaterThanThreshold: { words: 'greater than', breaches: (value, threshold) => value > threshold },
  LessThanThreshold: { words: 'less than', breaches: (value, threshold) => value < threshold },
  LessThanOrEqualToThreshold: { words: 'less than or equal to', breaches: (value, threshold) => value <= threshold },
};
const MISSING: readonly string[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
/** @source aws-facts [5.8] */
const ACTIONS_MAX = 5;
/** @source CloudWatch API, PutMetricAlarm, Period */
const WINDOW_SECONDS_MAX = { shortPeriods: 86_400, periodsOfAnHour: 604_800 };

/**
 * Reads the settings of an alarm on one metric.
 * @throws AwsError ValidationError
 */
export function settingsOf(input: PutMetricAlarmInput): AlarmSettings {
  const { AlarmName, Namespace, MetricName, Statistic, ComparisonOperator, TreatMissingData = 'missing' } = input;
  const periodSeconds = Number(input.Period);
  const evaluationPeriods = Number(input.EvaluationPeriods);
  const datapointsToAlarm = Number(input.DatapointsToAlarm ?? evaluationPeriods);
  const threshold = Number(input.Threshold);
  if ([10, 20, 30].includes(periodSeconds)) throw new NotModelled('high-resolution alarms');
  const isWindowValid = evaluationPeriods >= 1 && datapointsToAlarm >= 1 && datapointsToAlarm <= evaluationPeriods;
  check(AlarmName !== undefined && AlarmName !== '', 'AlarmName is required');
  check(Namespace !== undefined && MetricName !== undefined, 'Namespace and MetricName are required');
  check(STATISTICS.includes(Statistic ?? ''), `Statistic ${Statistic} is not valid`);
  check(periodSeconds >= 60 && periodSeconds % 60 === 0, `Period ${input.Period} is not a multiple of 60`);
  check(isWindowValid, 'DatapointsToAlarm must be between 1 and EvaluationPeriods');
  const windowSecondsMax = WINDOW_SECONDS_MAX[periodSeconds < 3_600 ? 'shortPeriods' : 'periodsOfAnHour'];
  check(
    periodSeconds * evaluationPeriods <= windowSecondsMax,
    `Metrics cannot be checked across more than ${windowSecondsMax / 86_400} days with a period of ${periodSeconds} seconds`,
  );
  check(Number.isFinite(threshold), 'Threshold is required');
  check(
    ComparisonOperator !== undefined && ComparisonOperator in COMPARISONS,
    `ComparisonOperator ${ComparisonOperator} is not valid`,
  );
  check(MISSING.includes(TreatMissingData), `TreatMissingData ${TreatMissingData} is not valid`);
  return {
    name: AlarmName,
    description: input.AlarmDescription,
    metric: { namespace: Namespace, name: MetricName, dimensions: input.Dimensions ?? [] },
    statistic: Statistic as Statistic,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    threshold,
    comparison: ComparisonOperator,
    missing: TreatMissingData as MissingData,
    actionsEnabled: input.ActionsEnabled ?? true,
    actions: {
      OK: actionsOf(input.OKActions),
      ALARM: actionsOf(input.AlarmActions),
      INSUFFICIENT_DATA: actionsOf(input.InsufficientDataActions),
    },
  };
}

/**
 * The state that the most recent data points give, newest first; `undefined` is a missing one, and there may be more of them than
 * the alarm evaluates: missing ones are replaced by older ones first, and treated as the alarm says only where those do not suffice.
 * @source CloudWatch guide, "Configuring how CloudWatch alarms treat missing data"
 */
export function evaluate(
  settings: AlarmSettings,
  points: readonly (number | undefined)[],
  current: StateValue,
): Verdict {
  const { evaluationPeriods, datapointsToAlarm, missing, threshold } = settings;
  const { words, breaches } = comparisonOf(settings);
  const present = points
    .flatMap((value, age) => (value === undefined ? [] : [{ value, age, isBreaching: breaches(value, threshold) }]))
    .slice(0, evaluationPeriods);
  const owed = evaluationPeriods - present.length;
  const breaching = present.filter(({ isBreaching }) => isBreaching);
  const filled = missing === 'breaching' ? owed : 0;
  const told = (count: number, are: string) =>
    `Threshold Crossed: ${count} out of the last ${present.length} datapoints [${present.map(({ value }) => value).join(', ')}] ${are} ${words} the threshold (${threshold})`;
  const asMissing = owed === 0 ? '' : `, and ${owed} missing datapoints were treated as [${missing}]`;
  const crossed: Verdict = {
    state: 'ALARM',
    reason: `${told(breaching.length, 'were')}${asMissing} (minimum ${datapointsToAlarm} for OK -> ALARM transition).`,
  };
  const within: Verdict = {
    state: 'OK',
    reason: `${told(present.length - breaching.length, 'were not')}${asMissing}.`,
  };
  const unchanged: Verdict = {
    state: current,
    reason: `Unchecked: ${owed} missing datapoints leave the state as it is.`,
  };
  if (breaching.length + filled >= datapointsToAlarm) return crossed;
  if (owed === 0 || missing === 'breaching' || missing === 'notBreaching') return within;
  if (present.length === 0 && missing === 'missing') {
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${evaluationPeriods} datapoints were unknown.` };
  }
  if (present.some(({ isBreaching }) => !isBreaching)) return within;
  // Only breaching points, too few of them: the oldest decides, so that a single first one does not alarm too early.
  const oldestAge = (breaching.at(-1)?.age ?? -1) + 1;
  return missing === 'missing' && oldestAge >= datapointsToAlarm ? crossed : unchanged;
}

function comparisonOf({ comparison }: AlarmSettings) {
  const found = COMPARISONS[comparison];
  if (found === undefined) throw new NotModelled(`the comparison ${comparison}`);
  return found;
}

function actionsOf(arns: readonly string[] = []): readonly string[] {
  check(arns.length <= ACTIONS_MAX, `No more than ${ACTIONS_MAX} actions per state`);
  const other = arns.find((arn) => !/^arn:aws:(sns:[^:]+:\d{12}:|lambda:[^:]+:\d{12}:function:)/.test(arn));
  if (other !== undefined) throw new NotModelled(`the alarm action ${other}`);
  return arns;
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new AwsError('ValidationError', message);
}
