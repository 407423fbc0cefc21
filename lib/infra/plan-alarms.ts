import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { signalEverySeconds } from '../domain/automatic.ts';
import { formatDuration } from '../domain/duration.ts';
import type { Plan } from '../domain/plan.ts';
import { readinessEverySeconds } from '../domain/readiness.ts';
import { measureEverySeconds } from '../domain/rpo.ts';
import { dimensions, type Metric as MetricName, metricNamespace, metrics } from '../names.ts';
import { describeAlarm, type Heading } from './runbook.ts';
import { pascal } from './step-functions.ts';

/** One of a plan's alarms: which numbers of the most recent periods are too great, or too small. */
interface Watch {
  readonly heading: Heading;
  readonly meaning: string;
  readonly metric: MetricName;
  /** Which of the plan's metrics of that name, where it has several. */
  readonly probe?: string;
  readonly statistic: 'Maximum' | 'Sum' | 'SampleCount';
  readonly periodSeconds: number;
  /** All of so many periods in a row. */
  readonly periods?: number;
  readonly breaches: { readonly above: number } | { readonly below: number };
  readonly missing: TreatMissingData;
  /** Whether people are told too when it is over. */
  readonly tellsEnd: boolean;
}

/** Longest window of an alarm whose periods are shorter than an hour. @source CloudWatch API, PutMetricAlarm, Period */
const shortWindowSeconds = 86_400;
const periodsWithoutTick = 3;
const proberPeriods = 5;

/** The alarms of every plan, all to the one topic. Each is told once when it goes on: by its description, which names its heading. */
export class PlanAlarms extends Construct {
  constructor(scope: Construct, plans: readonly Plan[], topic: Topic) {
    super(scope, 'Alarms');
    this.#letTell(topic);
    for (const plan of plans) for (const watch of watchesOf(plan)) this.#alarm(plan, watch, new SnsAction(topic));
  }

  /** A topic with a policy of its own no longer lets its account's alarms publish by itself. @source SNS guide, policy for CloudWatch alarms */
  #letTell(topic: Topic): void {
    const { account } = Stack.of(this);
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }

  #alarm({ name }: Plan, watch: Watch, tell: SnsAction): void {
    const {
      heading,
      meaning,
      metric,
      probe,
      statistic,
      periodSeconds,
      periods = 1,
      breaches,
      missing,
      tellsEnd,
    } = watch;
    const alarm = new Alarm(this, `${pascal(name)}${pascal(heading.replaceAll(' ', '-'))}`, {
      alarmDescription: describeAlarm(heading, name, meaning),
      metric: new Metric({
        namespace: metricNamespace,
        metricName: metric,
        dimensionsMap: { [dimensions.plan]: name, ...(probe === undefined ? {} : { [dimensions.probe]: probe }) },
        statistic,
        period: Duration.seconds(periodSeconds),
      }),
      ...('above' in breaches
        ? { threshold: breaches.above, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD }
        : { threshold: breaches.below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD }),
      evaluationPeriods: periods,
      datapointsToAlarm: periods,
      treatMissingData: missing,
    });
    alarm.addAlarmAction(tell);
    if (tellsEnd) alarm.addOkAction(tell);
  }
}

function watchesOf(plan: Plan): Watch[] {
  return [
    ...rpoWatches(plan),
    failedPoint(plan),
    fullCopy(),
    silentSchedule(plan),
    notReady(),
    slow(plan),
    ...silentProber(plan),
  ];
}

/**
 * Once the age is not known, the first says so: no point was ever available, or nothing measures. The others stay as they are, and
 * leave it to the first to tell the end.
 */
function rpoWatches({ protection: { rpoTargetSeconds } }: Plan): Watch[] {
  const target = formatDuration(rpoTargetSeconds);
  const steps: readonly [number, Heading, string][] = [
    [
      1,
      'RPO target missed',
      `no available point, or while production is away nothing that came home, is younger than the RPO target of ${target}, or its age is not known`,
    ],
    [
      2,
      'RPO at twice the target',
      `the newest available point, or while production is away what came home last, is older than twice the RPO target of ${target}`,
    ],
    [
      3,
      'RPO at three times the target',
      `the newest available point, or while production is away what came home last, is older than three times the RPO target of ${target}`,
    ],
  ];
  return steps.map(([times, heading, meaning]) => ({
    heading,
    meaning,
    metric: metrics.rpoActual,
    statistic: 'Maximum',
    periodSeconds: measureEverySeconds(rpoTargetSeconds),
    breaches: { above: times * rpoTargetSeconds },
    missing: times === 1 ? TreatMissingData.BREACHING : TreatMissingData.IGNORE,
    tellsEnd: times === 1,
  }));
}

/** As long as nothing has become available after the failed point. */
function failedPoint({ protection: { rpoTargetSeconds } }: Plan): Watch {
  return {
    heading: 'Failed point',
    meaning: 'the last recovery point failed, and none has become available since',
    metric: metrics.pointsFailed,
    statistic: 'Maximum',
    periodSeconds: measureEverySeconds(rpoTargetSeconds),
    breaches: { above: 0 },
    missing: TreatMissingData.IGNORE,
    tellsEnd: true,
  };
}

function fullCopy(): Watch {
  return {
    heading: 'Unexpected full copy',
    meaning: 'a volume is copied in full although the recovery Region has an earlier image of it',
    metric: metrics.unexpectedFullCopies,
    statistic: 'Sum',
    periodSeconds: 300,
    breaches: { above: 0 },
    missing: TreatMissingData.NOT_BREACHING,
    tellsEnd: false,
  };
}

/** Every tick that arrives leaves a sample, whether its run begins or is skipped. */
function silentSchedule({ protection: { everySeconds } }: Plan): Watch {
  const seconds = periodsWithoutTick * everySeconds;
  const periodSeconds = seconds <= shortWindowSeconds ? 60 : 3_600;
  return {
    heading: 'Silent schedule',
    meaning: `its schedule has begun no run for ${formatDuration(seconds)}`,
    metric: metrics.tickSkipped,
    statistic: 'SampleCount',
    periodSeconds,
    periods: Math.ceil(seconds / periodSeconds),
    breaches: { below: 1 },
    missing: TreatMissingData.BREACHING,
    tellsEnd: true,
  };
}

/** The last look found something, or nobody looks. */
function notReady(): Watch {
  return {
    heading: 'Not ready to fail over',
    meaning: 'a failover would stop at its preflight now, or nobody has looked whether it would',
    metric: metrics.readinessFindings,
    statistic: 'Maximum',
    periodSeconds: 2 * readinessEverySeconds,
    breaches: { above: 0 },
    missing: TreatMissingData.BREACHING,
    tellsEnd: true,
  };
}

function slow({ failover: { rtoTargetSeconds } }: Plan): Watch {
  return {
    heading: 'RTO target in doubt',
    meaning: `by the last drill or failover, the next one would take longer than the RTO target of ${formatDuration(rtoTargetSeconds)}`,
    metric: metrics.predictedRto,
    statistic: 'Maximum',
    periodSeconds: 2 * readinessEverySeconds,
    breaches: { above: rtoTargetSeconds },
    missing: TreatMissingData.IGNORE,
    tellsEnd: true,
  };
}

/** The answers of all probes come in one call, so that those of one tell of them all. */
function silentProber({ failover: { automatic } }: Plan): Watch[] {
  const [probe] = Object.keys(automatic?.probes ?? {});
  if (probe === undefined) return [];
  return [
    {
      heading: 'Silent prober',
      meaning: `nobody has asked its probes for ${formatDuration(proberPeriods * signalEverySeconds)}: they start no failover until somebody does`,
      metric: metrics.probeAnswered,
      probe,
      statistic: 'SampleCount',
      periodSeconds: signalEverySeconds,
      periods: proberPeriods,
      breaches: { below: 1 },
      missing: TreatMissingData.BREACHING,
      tellsEnd: true,
    },
  ];
}

/** Tells of every copy that AWS made in full into this Region; whether it is one of a plan, and unexpected, the function sees. */
export class FullCopies extends Construct {
  constructor(scope: Construct, noticeCopy: LambdaFunction) {
    super(scope, 'FullCopies');
    new Rule(this, 'CopyRule', {
      description: 'Homeward: AWS made a copy in full',
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EBS Snapshot Notification'],
        detail: { event: ['copySnapshot'], result: ['succeeded'], incremental: ['false'] },
      },
      targets: [new LambdaTarget(noticeCopy, { retryAttempts: 20, maxEventAge: Duration.hours(6) })],
    });
  }
}
