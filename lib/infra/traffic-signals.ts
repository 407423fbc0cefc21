import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnHealthCheck } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Plan } from '../domain/plan.ts';
import { hasFailoverPair } from '../domain/traffic.ts';
import { dimensions, environment, healthCheckOutput, metricNamespace, metrics } from '../names.ts';
import type { StepName } from './step-names.ts';
import { pascal, type StepFunctions } from './step-functions.ts';

/** What reads the alarm, or has to know the health check. */
const readers: readonly StepName[] = ['traffic/switch', 'traffic/restore', 'failover/undo', 'failback/undo'];
const knowing: readonly StepName[] = [...readers, 'failover/preflight', 'watch/readiness'];

/**
 * For each plan with failover pairs, what moves them without the control plane of Route 53: a metric of the recovery Region, an alarm on it, and
 * a health check that watches the metric of that alarm. The alarm tells nobody: it is how steps see what the health check sees. Where no data arrive, and that is
 * nearly always, both stay as they are. @source aws-facts [4.2], [4.3]
 */
export class TrafficSignals extends Construct {
  constructor(scope: Construct, plans: readonly Plan[], functions: StepFunctions) {
    super(scope, 'TrafficSignals');
    const signals = plans.filter(hasFailoverPair).map((plan) => ({ plan, ...this.#signal(plan) }));
    if (signals.length === 0) return;
    const json = Stack.of(this).toJsonString(
      Object.fromEntries(
        signals.map(({ plan, alarm, check }) => [
          plan.name,
          { alarm: alarm.alarmName, healthCheck: check.attrHealthCheckId },
        ]),
      ),
    );
    for (const step of knowing) functions.get(step).addEnvironment(environment.trafficSignals, json);
    const resources = signals.map(({ alarm }) => alarm.alarmArn);
    for (const step of readers)
      functions.get(step).addToRolePolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources }));
  }

  #signal({ name, recovery }: Plan) {
    const alarm = new Alarm(this, `${pascal(name)}LedAway`, {
      alarmDescription: `Homeward: traffic of plan ${name} is led to ${recovery.region}`,
      metric: new Metric({
        namespace: metricNamespace,
        metricName: metrics.ledAway,
        dimensionsMap: { [dimensions.plan]: name },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(1),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: TreatMissingData.IGNORE,
    });
    const check = new CfnHealthCheck(this, `${pascal(name)}HealthCheck`, {
      healthCheckConfig: {
        type: 'CLOUDWATCH_METRIC',
        alarmIdentifier: { name: alarm.alarmName, region: recovery.region },
        insufficientDataHealthStatus: 'LastKnownStatus',
      },
      healthCheckTags: [{ key: 'Name', value: `Homeward plan ${name}` }],
    });
    new CfnOutput(this, `${pascal(name)}Id`, { value: check.attrHealthCheckId }).overrideLogicalId(
      healthCheckOutput(name),
    );
    return { alarm, check };
  }
}
