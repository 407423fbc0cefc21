import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AwsFailure, awsCall } from './call.ts';

export interface ExecutionStart {
  readonly stateMachine: string;
  /** Unique for 90 days: the same name starts one execution however often it is asked for. @source aws-facts [5.2] */
  readonly name: string;
  readonly input: string;
}

/** Starts an execution, or finds the one that an earlier call with this name started. Returns its ARN. */
export async function startExecution(sfn: SFNClient, start: ExecutionStart): Promise<string> {
  const { stateMachine: stateMachineArn, name, input } = start;
  try {
    const started = await awsCall(`start execution ${name}`, () =>
      sfn.send(new StartExecutionCommand({ stateMachineArn, name, input })),
    );
    return started.executionArn ?? '';
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'ExecutionAlreadyExists')) throw error;
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}

export interface ExecutionFacts {
  /** `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`. */
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: string | undefined;
}

export async function describeExecution(sfn: SFNClient, arn: string): Promise<ExecutionFacts> {
  const answer = await awsCall(`read execution ${arn}`, () =>
    sfn.send(new DescribeExecutionCommand({ executionArn: arn })),
  );
  return { status: answer.status ?? 'RUNNING', error: answer.error, cause: answer.cause, output: answer.output };
}

/** Whether an execution is under way. One that Step Functions does not know any more closed 90 days ago. @source aws-facts [5.1] */
export async function isRunning(sfn: SFNClient, arn: string): Promise<boolean> {
  try {
    return (await describeExecution(sfn, arn)).status === 'RUNNING';
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'ExecutionDoesNotExist') return false;
    throw error;
  }
}
