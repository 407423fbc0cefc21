import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  AtLeastThreshold,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { isProbed, signalEverySeconds } from '../domain/automatic.ts';
import type { AutomaticFailover as Automatic, Plan } from '../domain/plan.ts';
import { dimensions, environment, metricNamespace, metrics } from '../names.ts';
import { accept } from './accept.ts';
import { describeAlarm } from './runbook.ts';
import { pascal, type StepFunctions } from './step-functions.ts';
import { readableExecutions, reasonForExecutions } from './triggers.ts';

/** A metric of which too little arrives; without any sample `missing` decides. */
interface Watched {
  readonly metric: Metric;
  readonly missing: TreatMissingData;
  readonly description: string;
}

/**
 * For each plan with automatic failover: alarm → rule → guard, which starts the failover. The alarm is the one on the missing heartbeat, or where the plan
 * has probes one over the alarms of all signals, each of which tells people by itself.
 */
export class AutomaticFailover extends Construct {
  readonly #topic: Topic;

  constructor(
    scope: Construct,
    plans: readonly Plan[],
    functions: StepFunctions,
    { failover, topic }: { readonly failover: StateMachine; readonly topic: Topic },
  ) {
    super(scope, 'AutomaticFailover');
    this.#topic = topic;
    const guard = functions.get('failover/guard');
    failover.grantStartExecution(guard);
    failover.grantExecution(guard, 'states:DescribeExecution');
    if (guard.role !== undefined) accept(guard.role, [readableExecutions(failover)], reasonForExecutions);
    const alarms = plans.flatMap((plan) => {
      const { automatic } = plan.failover;
      return automatic === undefined ? [] : [{ plan: plan.name, alarm: this.#trigger(plan, automatic) }];
    });
    guard.addEnvironment(environment.failoverMachineArn, failover.stateMachineArn);
    // Names of alarms are references until deployment, so the JSON is put together by CloudFormation.
    const planOf = alarms.map(({ plan, alarm }) => `"${alarm.alarmName}":"${plan}"`);
    guard.addEnvironment(environment.alarms, `{${planOf.join(',')}}`);
    if (alarms.length === 0) return;
    const arns = alarms.map(({ alarm }) => alarm.alarmArn);
    const readers = [guard, functions.get('failover/veto')];
    letLook(readers, plans.some(isProbed) ? ['*'] : arns);
    if (plans.some(isProbed)) letMeasure(readers);
    new Rule(this, 'AlarmRule', {
      description: 'Homeward: an alarm of a plan went on',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: arns,
        detail: { state: { value: ['ALARM'] } },
      },
      targets: [new LambdaTarget(guard, { retryAttempts: 20, maxEventAge: Duration.hours(1) })],
    });
  }

  #trigger(plan: Plan, automatic: Automatic): IAlarm {
    const { heartbeat, probes = {} } = automatic;
    const signals = heartbeat === undefined ? [] : [this.#heartbeat(plan, automatic, heartbeat)];
    const [only] = signals;
    if (only !== undefined && !isProbed(plan)) return only;
    const scope = new Construct(this, `${pascal(plan.name)}Signals`);
    for (const [name, { address }] of Object.entries(probes))
      signals.push(
        this.#alarm(scope, `Probe${pascal(name)}`, automatic, {
          metric: metricOf({
            namespace: metricNamespace,
            metric: metrics.probeAnswered,
            dimensions: { [dimensions.plan]: plan.name, [dimensions.probe]: name },
            statistic: 'Maximum',
          }),
          // Nobody asked, or nobody could tell: that says nothing of the server.
          missing: TreatMissingData.MISSING,
          description: describeAlarm('Failing probe', plan.name, `probe ${name} of ${address} is not answered rightly`),
        }),
      );
    for (const alarm of signals) {
      alarm.addAlarmAction(new SnsAction(this.#topic));
      alarm.addOkAction(new SnsAction(this.#topic));
    }
    return this.#together(scope, plan, signals);
  }

  /** @source CloudWatch guide, Composite alarms: AT_LEAST */
  #together(scope: Construct, plan: Plan, signals: readonly Alarm[]): CompositeAlarm {
    const { atLeast = 1 } = plan.failover.automatic ?? {};
    const meaning = `${atLeast} of its ${signals.length} signals say that ${plan.primary.region} is out, and failover is about to begin by itself`;
    return new CompositeAlarm(scope, 'Out', {
      alarmDescription: describeAlarm('Primary out', plan.name, meaning),
      alarmRule: AlarmRule.atLeast(AlarmState.ALARM, {
        operands: [...signals],
        threshold: AtLeastThreshold.count(atLeast),
      }),
    });
  }

  #heartbeat(plan: Plan, automatic: Automatic, heartbeat: NonNullable<Automatic['heartbeat']>): Alarm {
    const begins = isProbed(plan) ? '' : ', and failover is about to begin by itself';
    return this.#alarm(this, `${pascal(plan.name)}Alarm`, automatic, {
      metric: metricOf({ ...heartbeat, statistic: 'SampleCount' }),
      missing: TreatMissingData.BREACHING,
      description: describeAlarm(
        'Missing heartbeat',
        plan.name,
        `no heartbeat arrives from ${plan.primary.region}${begins}`,
      ),
    });
  }

  #alarm(scope: Construct, id: string, { missingForSeconds }: Automatic, watched: Watched): Alarm {
    const periods = Math.max(1, Math.round(missingForSeconds / signalEverySeconds));
    return new Alarm(scope, id, {
      alarmDescription: watched.description,
      metric: watched.metric,
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: periods,
      treatMissingData: watched.missing,
    });
  }
}

function metricOf(of: NonNullable<Automatic['heartbeat']> & { readonly statistic: string }): Metric {
  return new Metric({
    namespace: of.namespace,
    metricName: of.metric,
    dimensionsMap: { ...of.dimensions },
    statistic: of.statistic,
    period: Duration.seconds(signalEverySeconds),
  });
}

/** Only a role that may read all alarms is told of composite ones. @source CloudWatch API reference, DescribeAlarms */
function letLook(readers: readonly LambdaFunction[], resources: readonly string[]): void {
  for (const reader of readers) {
    reader.addToRolePolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: [...resources] }));
    if (reader.role !== undefined)
      accept(
        reader.role,
        resources.filter((resource) => resource === '*'),
        'Composite alarms are told only to a role that may read all alarms; metrics have no resource.',
      );
  }
}

/** @source CloudWatch guide, permissions: metrics have no resource */
function letMeasure(readers: readonly LambdaFunction[]): void {
  for (const reader of readers)
    reader.addToRolePolicy(new PolicyStatement({ actions: ['cloudwatch:GetMetricStatistics'], resources: ['*'] }));
}
