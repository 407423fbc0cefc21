import { Annotations, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { hasCommands } from '../domain/consistency.ts';
import type { Plan } from '../domain/plan.ts';
import { warningsOf } from '../domain/plan-warnings.ts';
import { hasQuestions } from '../domain/question.ts';
import { environment, outputs } from '../names.ts';
import { AutomaticFailover } from './automatic.ts';
import { Evidence } from './evidence.ts';
import { FailbackMachine } from './failback.ts';
import { FailoverMachine } from './failover.ts';
import { FullCopies, PlanAlarms } from './plan-alarms.ts';
import { ProtectMachine } from './protect.ts';
import { StepFunctions } from './step-functions.ts';
import { TrafficSignals } from './traffic-signals.ts';
import { Drills, LeaseHolders, Rescue, Schedules, Watch } from './triggers.ts';

export interface HomewardStackProps extends StackProps {
  readonly plans: readonly Plan[];
  readonly code: string;
}

/** All plans of one recovery Region: everything that leaving the primary Region needs. */
export class HomewardStack extends Stack {
  constructor(scope: Construct, id: string, { plans, code, ...props }: HomewardStackProps) {
    // Rights name each server: indented, a plan of 200 would come near the 1 MB that a template may have.
    super(scope, id, { suppressTemplateIndentation: true, ...props });
    for (const plan of plans)
      for (const [id, warning] of Object.entries(warningsOf(plan)))
        Annotations.of(this).addWarningV2(`homeward:${plan.name}:${id}`, `Plan ${plan.name}: ${warning}`);
    const table = new Table(this, 'Catalogue', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const evidence = new Evidence(this);
    const topic = new Topic(this, 'Notices', { enforceSSL: true, displayName: 'Homeward' });
    for (const address of new Set(plans.flatMap(({ notify }) => notify)))
      topic.addSubscription(new EmailSubscription(address));

    const functions = new StepFunctions(this, {
      plans,
      table,
      code,
      environment: {
        [environment.table]: table.tableName,
        [environment.topicArn]: topic.topicArn,
        [environment.evidenceBucket]: evidence.bucket.bucketName,
      },
    });
    for (const step of ['operation/close', 'watch/evidence'] as const) topic.grantPublish(functions.get(step));
    if (plans.some(({ groups }) => Object.keys(groups).length > 0)) topic.grantPublish(functions.get('protect/select'));
    for (const step of ['failover/guard', 'failover/open', 'failover/veto'] as const)
      topic.grantPublish(functions.get(step));
    topic.grantPublish(functions.get('operation/rescue'));
    if (plans.some(hasQuestions)) topic.grantPublish(functions.get('operation/ask'));
    if (plans.some(hasCommands)) topic.grantPublish(functions.get('protect/thaw'));

    const protect = new ProtectMachine(this, functions).machine;
    const failover = new FailoverMachine(this, functions).machine;
    const failback = new FailbackMachine(this, functions).machine;
    new Schedules(this, plans, protect, functions.get('protect/measure'));
    new Watch(this, plans, functions, { protect, failback });
    new Drills(this, plans, failover);
    new AutomaticFailover(this, plans, functions, { failover, topic });
    new PlanAlarms(this, plans, topic);
    new TrafficSignals(this, plans, functions);
    new FullCopies(this, functions.get('protect/notice-copy'));
    new Rescue(this, functions, { protect, failover, failback });
    evidence.writtenBy(functions.get('watch/evidence'), plans, [failover, failback]);
    new LeaseHolders(this, functions, { protect, failover, failback });

    new CfnOutput(this, outputs.protectMachineArn, { value: protect.stateMachineArn });
    new CfnOutput(this, outputs.failoverMachineArn, { value: failover.stateMachineArn });
    new CfnOutput(this, outputs.failbackMachineArn, { value: failback.stateMachineArn });
    new CfnOutput(this, outputs.tableName, { value: table.tableName });
    new CfnOutput(this, outputs.topicArn, { value: topic.topicArn });
    new CfnOutput(this, outputs.evidenceBucketName, { value: evidence.bucket.bucketName });
  }
}
