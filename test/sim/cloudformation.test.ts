import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as eventTargets from 'aws-cdk-lib/aws-events-targets';
import * as awsLambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as schedulerTargets from 'aws-cdk-lib/aws-scheduler-targets';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CloudFormation, deployAssembly } from '../../sim/cloudformation/cloudformation.ts';
import { deployStack } from '../../sim/cloudformation/deploy.ts';
import { Lambda } from '../../sim/lambda/lambda.ts';
import { StepFunctions } from '../../sim/stepfunctions/stepfunctions.ts';
import { asset, StageCloud } from './orchestration-cloud.ts';

let cloud: StageCloud;
let lambda: Lambda;
let states: StepFunctions;
let cloudformation: CloudFormation;
let made: Record<string, Record<string, unknown>>;

beforeEach(() => {
  cloud = new StageCloud();
  const surroundings = { region: 'us-west-2', account: cloud.account, cloud };
  lambda = new Lambda(surroundings);
  states = new StepFunctions(surroundings);
  cloudformation = new CloudFormation(surroundings);
  made = {};
  const keep = (kind: string) => (properties: Record<string, unknown>) => {
    made[kind] = properties;
  };
  const topic = ({ name }: { name: string }) => `arn:aws:sns:us-west-2:123456789012:${name}`;
  cloud.held
    .set('lambda', lambda)
    .set('stepfunctions', states)
    .set('cloudformation', cloudformation)
    .set('eventbridge', { putRuleFromTemplate: keep('rule'), emit: () => {} })
    .set('scheduler', { createFromTemplate: keep('schedule') })
    .set('cloudwatch', { putAlarmFromTemplate: keep('alarm') })
    .set('dynamodb', { createTable: keep('table') })
    .set('sns', { createTopic: topic, subscribe: keep('subscription') });
});
afterEach(() => cloud.end());

/** A stack with one of each thing that this project's stacks hold, as the CDK writes it. */
function synthesize(code: string): string {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'Site', { env: { account: '123456789012', region: 'us-west-2' } });
  const table = new dynamodb.Table(stack, 'Table', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  const topic = new sns.Topic(stack, 'Topic', { enforceSSL: true });
  topic.addSubscription(new subscriptions.EmailSubscription('ops@example.com'));
  const worker = new awsLambda.Function(stack, 'Worker', {
    runtime: awsLambda.Runtime.NODEJS_24_X,
    architecture: awsLambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: awsLambda.Code.fromAsset(asset(code)),
    environment: { TABLE: table.tableName, TOPIC: topic.topicArn },
    timeout: Duration.seconds(30),
    logGroup: new logs.LogGroup(stack, 'Log', { retention: logs.RetentionDays.ONE_MONTH }),
    retryAttempts: 1,
  });
  table.grantReadWriteData(worker);
  const step = (id: string) =>
    new tasks.LambdaInvoke(stack, id, { lambdaFunction: worker, resultSelector: { 'table.$': '$.Payload.table' } });
  const many = new sfn.DistributedMap(stack, 'Many', {
    itemsPath: '$.items',
    maxConcurrency: 5,
    resultPath: sfn.JsonPath.DISCARD,
  });
  const wait = new sfn.Wait(stack, 'Pause', { time: sfn.WaitTime.secondsPath('$.wait') });
  const over = new sfn.Fail(stack, 'Over', { errorPath: '$.failure.Error', causePath: '$.failure.Cause' });
  const work = step('Work').addCatch(over, { resultPath: '$.failure' });
  const enough = new sfn.Choice(stack, 'Enough').when(sfn.Condition.isNotPresent('$.never'), work).otherwise(over);
  const machine = new sfn.StateMachine(stack, 'Machine', {
    definitionBody: sfn.DefinitionBody.fromChainable(many.itemProcessor(step('Each')).next(wait).next(enough)),
    logs: { destination: new logs.LogGroup(stack, 'MachineLog'), level: sfn.LogLevel.ALL },
    tracingEnabled: true,
  });
  const alarm = new cloudwatch.Alarm(stack, 'Alarm', {
    metric: new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Heartbeat', dimensionsMap: { Site: 'primary' } }),
    threshold: 1,
    evaluationPeriods: 3,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
  });
  new events.Rule(stack, 'Rule', {
    eventPattern: { source: ['aws.cloudwatch'], resources: [alarm.alarmArn] },
    targets: [new eventTargets.LambdaFunction(worker)],
  });
  new scheduler.Schedule(stack, 'Schedule', {
    schedule: scheduler.ScheduleExpression.rate(Duration.minutes(5)),
    target: new schedulerTargets.StepFunctionsStartExecution(machine, {
      input: scheduler.ScheduleTargetInput.fromObject({
        plan: 'shop',
        scheduledFor: scheduler.ContextAttribute.scheduledTime,
      }),
    }),
  });
  new CfnOutput(stack, 'MachineArn', { value: machine.stateMachineArn });
  return app.synth().directory;
}

describe('a synthesized assembly', () => {
  it('is deployed with its references resolved, and what it deploys runs', async () => {
    const [stack] = await deployAssembly(
      cloud,
      synthesize('exports.handler = async () => ({ table: process.env.TABLE, topic: process.env.TOPIC })'),
    );
    const table = String(made.table?.TableName);
    expect(table).toMatch(/^Site-Table/);
    const machineArn = stack?.outputs.find(({ key }) => key === 'MachineArn')?.value ?? '';
    const { arn } = states.start(machineArn, '{"items":[{"a":1},{"a":2}],"wait":30}');
    const execution = await cloud.until(states.ended(arn));
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { table } });
    const [worker] = lambda.functions;
    expect(worker).toMatchObject({
      timeoutSeconds: 30,
      environment: { TOPIC: expect.stringMatching(/^arn:aws:sns:us-west-2/) },
    });
    expect(worker?.role).toMatch(/^arn:aws:iam::123456789012:role\/Site-WorkerServiceRole/);
    expect(made.rule).toMatchObject({ eventPattern: { source: ['aws.cloudwatch'] }, targets: [{ Arn: worker?.arn }] });
    expect(made.schedule).toMatchObject({ scheduleExpression: 'rate(5 minutes)', target: { arn: machineArn } });
    expect(made.alarm).toMatchObject({ MetricName: 'Heartbeat', TreatMissingData: 'breaching' });
    expect(made.subscription).toMatchObject({ protocol: 'email', endpoint: 'ops@example.com' });
  });

  it('answers its outputs by DescribeStacks', async () => {
    await deployAssembly(cloud, synthesize('exports.handler = async () => ({})'));
    const describeStacks = cloudformation.operations.DescribeStacks?.run as unknown as (input: object) => object;
    expect(describeStacks({ StackName: 'Site' })).toMatchObject({
      Stacks: [{ StackName: 'Site', Outputs: [{ OutputKey: 'MachineArn', OutputValue: states.machines[0]?.arn }] }],
    });
    expect(() => describeStacks({ StackName: 'Other' })).toThrow('does not exist');
  });
});

describe('a template', () => {
  const deploy = (template: object) => deployStack(cloud, 'us-west-2', 'S', template as never);
  const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };

  it('resolves intrinsic functions, in order of need', async () => {
    const { outputs } = await deploy({
      Parameters: { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' } },
      Conditions: {
        Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-west-2'] },
        Not: { 'Fn::Not': [{ Condition: 'Here' }] },
      },
      Resources: {
        A: {
          Type: 'AWS::SSM::Parameter',
          Properties: { Name: { 'Fn::Sub': '${B.Arn}/${!x}/${AWS::AccountId}' }, Value: 'v' },
        },
        B: role,
        C: { ...role, Condition: 'Not' },
      },
      Outputs: {
        Sub: { Value: { Ref: 'A' } },
        Pick: { Value: { 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'AWS::Region' }] }] } },
        If: { Value: { 'Fn::If': ['Here', { 'Fn::Join': ['/', ['a', { Ref: 'AWS::Partition' }]] }, 'no'] } },
        Skipped: { Condition: 'Not', Value: { Ref: 'C' } },
      },
    });
    expect(outputs.map(({ value }) => value)).toEqual([
      expect.stringMatching(/^arn:aws:iam::123456789012:role\/S-B-[0-9A-F]{12}\/\$\{x\}\/123456789012$/),
      'west',
      'a/aws',
    ]);
  });

  it.each([
    ['AWS::EC2::VPC', { A: { Type: 'AWS::EC2::VPC' } }],
    ['PermissionsBoundary', { A: { ...role, Properties: { PermissionsBoundary: 'x' } } }],
    ['Fn::ImportValue', { A: { ...role, Properties: { RoleName: { 'Fn::ImportValue': 'x' } } } }],
    ['Ref to Nothing', { A: { ...role, Properties: { RoleName: { Ref: 'Nothing' } } } }],
    ['CreationPolicy', { A: { ...role, CreationPolicy: {} } }],
    ['Circular', { A: { ...role, DependsOn: 'B' }, B: { ...role, DependsOn: ['A'] } }],
  ])('with %s is refused by name', async (name, Resources) => {
    await expect(deploy({ Resources })).rejects.toThrow(name);
  });
});
