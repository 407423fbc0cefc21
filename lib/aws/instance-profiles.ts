import { GetInstanceProfileCommand, type IAMClient } from '@aws-sdk/client-iam';
import { AwsFailure, awsCall, type Patience } from './call.ts';

/** Whether the profile of an ARN has a role; `undefined` where there is no such profile. One of the same name below another path is another one. */
export async function findInstanceProfile(
  iam: IAMClient,
  arn: string,
  patience: Patience,
): Promise<{ hasRole: boolean } | undefined> {
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  try {
    const answer = await awsCall(`read instance profile ${name}`, () =>
      iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }), patience),
    );
    const { Arn, Roles = [] } = answer.InstanceProfile ?? {};
    return Arn === arn ? { hasRole: Roles.length > 0 } : undefined;
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'NoSuchEntityException') return undefined;
    throw error;
  }
}
