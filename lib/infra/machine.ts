import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  type CfnStateMachine,
  DefinitionBody,
  Fail,
  type IChainable,
  LogLevel,
  StateMachine,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { accept, readable } from './accept.ts';

/** A standard state machine with its whole history logged; an operation may take days, not weeks. */
export function operationMachine(
  scope: Construct,
  id: string,
  definition: IChainable,
  invoked: readonly LambdaFunction[],
): StateMachine {
  const logs = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
    logGroupName: `/aws/vendedlogs/states/${Stack.of(scope).stackName}-${id}`,
  });
  const made = new StateMachine(scope, `${id}Machine`, {
    definitionBody: DefinitionBody.fromChainable(definition),
    timeout: Duration.days(7),
    tracingEnabled: true,
    logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
    comment: `Homeward ${id}`,
  });
  accept(made.role, ['*'], 'Log delivery and X-Ray offer no resource for their actions.');
  const versions = invoked.map(
    (each) => `<${Stack.of(scope).getLogicalId(each.node.defaultChild as CfnFunction)}.Arn>:*`,
  );
  accept(made.role, versions, 'The CDK grants invoking versions of a step function along with the function itself.');
  const self = Stack.of(scope).getLogicalId(made.node.defaultChild as CfnStateMachine);
  const executions = `arn:${readable(Stack.of(scope).partition)}:states:${Stack.of(scope).region}:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${self}"}]}]}`;
  accept(
    made,
    [`${executions}:*`, `${executions}/*:*`],
    'A Distributed Map describes and stops the executions of its own state machine, whose names are not known before.',
  );
  return made;
}

/** Ends an execution with the error that was caught at `path`. */
export function failed(scope: Construct, id: string, path = '$.failure'): Fail {
  return new Fail(scope, id, { errorPath: `${path}.Error`, causePath: `${path}.Cause` });
}
