import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { Failure } from '../domain/failure.ts';
import { awsCall } from './call.ts';

/**
 * Invokes a function and gives its answer.
 * @throws Failure AwsUnavailable when the function itself failed: a repeat starts a new instance of it
 */
export async function invokeFunction(lambda: LambdaClient, name: string, payload: unknown): Promise<unknown> {
  const answer = await awsCall(`invoke function ${name}`, () =>
    lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) })),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError !== undefined) throw new Failure('AwsUnavailable', `Function ${name} failed: ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
