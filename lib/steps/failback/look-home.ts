import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/instances.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Services } from '../services.ts';

/** What the primary Region says when it is asked for the servers of a plan: its refusal or silence, `undefined` where it answers. */
export async function lookHome(services: Services, { primary, servers }: Plan): Promise<AwsFailure | undefined> {
  const instances = Object.values(servers).map(({ instance }) => instance);
  try {
    await describeInstances(services.client(ec2Client, primary.region), instances);
    return undefined;
  } catch (error) {
    if (error instanceof AwsFailure) return error;
    throw error;
  }
}
