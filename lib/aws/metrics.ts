import {
  type CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
  type StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import { dimensions, type Metric, metricNamespace, metrics } from '../names.ts';
import { awsCall } from './call.ts';

/** One number of a plan, or of one of its servers or probes. Seconds, bytes or a count, as the metric says. */
export interface Measurement {
  readonly metric: Metric;
  readonly value: number;
  readonly server?: string;
  readonly probe?: string;
}

const units: Readonly<Record<Metric, StandardUnit>> = {
  [metrics.rpoActual]: 'Seconds',
  [metrics.copyAge]: 'Seconds',
  [metrics.deltaBytes]: 'Bytes',
  [metrics.pointsCapturing]: 'Count',
  [metrics.pointsAvailable]: 'Count',
  [metrics.pointsFailed]: 'Count',
  [metrics.tickSkipped]: 'Count',
  [metrics.tickDelay]: 'Seconds',
  [metrics.unexpectedFullCopies]: 'Count',
  [metrics.ledAway]: 'Count',
  [metrics.drillDuration]: 'Seconds',
  [metrics.homeDrillDuration]: 'Seconds',
  [metrics.readinessFindings]: 'Count',
  [metrics.predictedRto]: 'Seconds',
  [metrics.probeAnswered]: 'Count',
};

/** Publishes what was measured of a plan at one moment, in one call. A call takes 1,000 numbers, more than a plan has servers. */
export async function putMeasurements(
  cloudwatch: CloudWatchClient,
  plan: string,
  measurements: readonly Measurement[],
  at: Date,
): Promise<void> {
  if (measurements.length === 0) return;
  await awsCall(`publish the metrics of plan ${plan}`, () =>
    cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: metricNamespace,
        MetricData: measurements.map(({ metric, value, server, probe }) => ({
          MetricName: metric,
          Dimensions: [
            { Name: dimensions.plan, Value: plan },
            ...(server === undefined ? [] : [{ Name: dimensions.server, Value: server }]),
            ...(probe === undefined ? [] : [{ Name: dimensions.probe, Value: probe }]),
          ],
          Unit: units[metric],
          Value: value,
          Timestamp: at,
        })),
      }),
    ),
  );
}

/** A metric, and what is told of its samples. */
export interface MetricFacts {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Maximum' | 'SampleCount';
}

/** A stretch of time in at most 1,440 periods. */
interface Stretch {
  readonly from: Date;
  readonly to: Date;
  readonly everySeconds: number;
}

/** A value, and when its period began, in milliseconds since 1970. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** The values of a metric, oldest first; there is none of a period without samples. */
export async function readMetric(
  cloudwatch: CloudWatchClient,
  { namespace, metric, dimensions: written, statistic }: MetricFacts,
  { from, to, everySeconds }: Stretch,
): Promise<Sample[]> {
  const answer = await awsCall(`read metric ${metric}`, () =>
    cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: namespace,
        MetricName: metric,
        Dimensions: Object.entries(written).map(([Name, Value]) => ({ Name, Value })),
        StartTime: from,
        EndTime: to,
        Period: everySeconds,
        Statistics: [statistic],
      }),
    ),
  );
  // AWS gives them in no order. @source CloudWatch API reference, GetMetricStatistics
  return (answer.Datapoints ?? [])
    .flatMap(({ Timestamp, [statistic]: value }) =>
      value === undefined ? [] : [{ at: Timestamp?.getTime() ?? 0, value }],
    )
    .toSorted((one, other) => one.at - other.at);
}
