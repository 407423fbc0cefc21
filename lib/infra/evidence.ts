import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Plan } from '../domain/plan.ts';
import { accept } from './accept.ts';
import { invoking } from './triggers.ts';

/** A year, and the month in which somebody asks for all of it. */
const keptDays = 400;
/** What was written over or deleted can be had back for so long. */
const noncurrentDays = 90;
/** A look that finds nothing owed is one read of the table. */
const lookEveryMinutes = 15;

/** Where evidence is kept, and who writes it: one function, when an operation has ended, and again while any is owed. */
export class Evidence extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct) {
    super(scope, 'Evidence');
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { expiration: Duration.days(keptDays), noncurrentVersionExpiration: Duration.days(noncurrentDays) },
        { expiredObjectDeleteMarker: true },
      ],
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'A bucket of access logs would need one more bucket to look after; who writes evidence is in the policies, and CloudTrail data events say who reads it where that is wanted.',
    });
  }

  /** @param writer the only one that may put evidence, and only below the names of the plans; nobody may delete it */
  writtenBy(writer: LambdaFunction, plans: readonly Plan[], machines: readonly StateMachine[]): void {
    const resources = plans.map(({ name }) => this.bucket.arnForObjects(`${name}/*`));
    writer.addToRolePolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources }));
    const { role } = writer;
    const bucket = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket);
    if (role !== undefined)
      accept(
        role,
        plans.map(({ name }) => `<${bucket}.Arn>/${name}/*`),
        'Evidence of operations that are not known before.',
      );
    new Rule(this, 'EndRule', {
      description: 'Homeward: an operation ended',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'],
          stateMachineArn: machines.map(({ stateMachineArn }) => stateMachineArn),
        },
      },
      // What is not delivered by then is found by the schedule.
      targets: [new LambdaTarget(writer, { retryAttempts: 2, maxEventAge: Duration.minutes(lookEveryMinutes) })],
    });
    new Schedule(this, 'Owed', {
      schedule: ScheduleExpression.rate(Duration.minutes(lookEveryMinutes)),
      description: 'Homeward: write the evidence that is owed',
      target: new LambdaInvoke(writer, {
        role: invoking(this, 'OwedRole', 'watch/evidence', writer),
        input: ScheduleTargetInput.fromObject({ 'detail-type': 'Scheduled Event' }),
        maxEventAge: Duration.minutes(lookEveryMinutes),
        retryAttempts: 0,
      }),
    });
  }
}
