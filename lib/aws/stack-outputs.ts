import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Failure } from '../domain/failure.ts';
import { awsCall } from './call.ts';

/**
 * The outputs of a deployed stack, by name.
 * @throws Failure InvalidInput when the stack is not deployed
 */
export async function readStackOutputs(
  cloudformation: CloudFormationClient,
  stack: string,
): Promise<ReadonlyMap<string, string>> {
  const answer = await awsCall(`read stack ${stack}`, () =>
    cloudformation.send(new DescribeStacksCommand({ StackName: stack })),
  );
  const outputs = answer.Stacks?.[0]?.Outputs;
  if (outputs === undefined)
    throw new Failure('InvalidInput', `Stack ${stack} has no outputs. Deploy it with "npx cdk deploy" first.`);
  return new Map(outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']));
}
