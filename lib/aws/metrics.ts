import { type CloudWatchClient, PutMetricDataCommand, type StandardUnit } from '@aws-sdk/client-cloudwatch';
import { dimensions, type Metric, metricNamespace, metrics } from '../names.ts';
import { awsCall } from './call.ts';

/** One number of a plan, or of one of its servers. Seconds, bytes or a count, as the metric says. */
export interface Measurement {
  readonly metric: Metric;
  readonly value: number;
  readonly server?: string;
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
  [metrics.readinessFindings]: 'Count',
  [metrics.predictedRto]: 'Seconds',
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
        MetricData: measurements.map(({ metric, value, server }) => ({
          MetricName: metric,
          Dimensions: [
            { Name: dimensions.plan, Value: plan },
            ...(server === undefined ? [] : [{ Name: dimensions.server, Value: server }]),
          ],
          Unit: units[metric],
          Value: value,
          Timestamp: at,
        })),
      }),
    ),
  );
}
