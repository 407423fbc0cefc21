import type { Dimension, MetricDatum, Statistic } from '@aws-sdk/client-cloudwatch';
import { AwsError, NotModelled } from '../service.ts';

/** A metric: namespace, name and dimensions together. */
export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

/** What was measured over a stretch of time. */
export interface Sample {
  readonly at: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

const DATUM_MEMBERS = [
  'MetricName',
  'Dimensions',
  'Timestamp',
  'Value',
  'StatisticValues',
  'Values',
  'Counts',
  'Unit',
  'StorageResolution',
];
const DIMENSIONS_MAX = 30;
const PAST_MS_MAX = 14 * 24 * 3600 * 1000;
const FUTURE_MS_MAX = 2 * 3600 * 1000;

/** The metrics of one Region with every sample ever put. */
export class MetricStore {
  readonly #metrics = new Map<string, { metric: MetricName; samples: Sample[] }>();

  /** @throws AwsError InvalidParameterValueException, before anything is stored */
  put(namespace: string, data: readonly MetricDatum[], now: number): void {
    const parsed = data.map((datum) => parse(namespace, datum, now));
    for (const { metric, sample } of parsed) {
      const key = keyOf(metric);
      const entry = this.#metrics.get(key) ?? { metric, samples: [] };
      entry.samples.push(sample);
      this.#metrics.set(key, entry);
    }
  }

  /** The samples of [from, until) as one, or `undefined` where there are none: no sample is not a sample of zero. */
  window(metric: MetricName, from: number, until: number): Sample | undefined {
    const samples = this.#metrics.get(keyOf(metric))?.samples.filter(({ at }) => at >= from && at < until) ?? [];
    if (samples.length === 0) return undefined;
    return {
      at: from,
      min: Math.min(...samples.map(({ min }) => min)),
      max: Math.max(...samples.map(({ max }) => max)),
      sum: samples.reduce((total, { sum }) => total + sum, 0),
      count: samples.reduce((total, { count }) => total + count, 0),
    };
  }

  list(): readonly MetricName[] {
    return [...this.#metrics.values()].map(({ metric }) => metric);
  }
}

/** A statistic of a sample. */
export function statisticOf(sample: Sample, statistic: Statistic): number {
  switch (statistic) {
    case 'Sum':
      return sample.sum;
    case 'Minimum':
      return sample.min;
    case 'Maximum':
      return sample.max;
    case 'SampleCount':
      return sample.count;
    case 'Average':
      return sample.sum / sample.count;
    default:
      throw new NotModelled(`the statistic ${String(statistic satisfies never)}`);
  }
}

function keyOf({ namespace, name, dimensions }: MetricName): string {
  return JSON.stringify([namespace, name, dimensionsKey(dimensions)]);
}

function dimensionsKey(dimensions: readonly Dimension[]): string {
  return JSON.stringify(dimensions.map(({ Name, Value }) => [Name, Value]).sort());
}

function parse(namespace: string, datum: MetricDatum, now: number): { metric: MetricName; sample: Sample } {
  const other = Object.entries(datum).find(([name, value]) => value !== undefined && !DATUM_MEMBERS.includes(name));
  if (other !== undefined) throw new NotModelled(`${other[0]} of metric data`);
  if ((datum.StorageResolution ?? 60) !== 60) throw new NotModelled('high-resolution metrics');
  const { MetricName = '', Dimensions = [] } = datum;
  if (MetricName === '') throw invalid('The parameter MetricData.member.1.MetricName is required.');
  if (Dimensions.length > DIMENSIONS_MAX) throw invalid(`No more than ${DIMENSIONS_MAX} dimensions.`);
  const at = datum.Timestamp === undefined ? now : new Date(datum.Timestamp).getTime();
  if (at < now - PAST_MS_MAX || at > now + FUTURE_MS_MAX) {
    throw invalid(
      'The parameter MetricData.member.1.Timestamp must be within the past two weeks and the next two hours.',
    );
  }
  return { metric: { namespace, name: MetricName, dimensions: Dimensions }, sample: { at, ...valuesOf(datum) } };
}

function valuesOf({ Value, StatisticValues, Values, Counts }: MetricDatum): Omit<Sample, 'at'> {
  if (StatisticValues !== undefined) {
    const { Minimum, Maximum, Sum, SampleCount } = StatisticValues;
    return { min: Minimum ?? 0, max: Maximum ?? 0, sum: Sum ?? 0, count: SampleCount ?? 0 };
  }
  const values = Values ?? (Value === undefined ? [] : [Value]);
  const counts = Counts ?? values.map(() => 1);
  if (values.length === 0 || !values.every(Number.isFinite)) throw invalid('A value must be given, and be a number.');
  if (counts.length !== values.length) throw invalid('Values and Counts must be of the same length.');
  return {
    min: Math.min(...values),
    max: Math.max(...values),
    sum: values.reduce((total, value, index) => total + value * (counts[index] ?? 0), 0),
    count: counts.reduce((total, count) => total + count, 0),
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
