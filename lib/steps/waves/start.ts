import { ec2Client } from '../../aws/clients.ts';
import { startInstances } from '../../aws/instances.ts';
import { Failure } from '../../domain/failure.ts';
import type { Context, Services } from '../services.ts';

/** Starts servers one by one. Returns whether all were accepted: want of capacity is noted, and may pass. @source aws-facts [3.4] */
export async function tryStart(
  services: Services,
  context: Context,
  region: string,
  ids: readonly string[],
): Promise<boolean> {
  let isAccepted = true;
  for (const id of ids) {
    try {
      await startInstances(services.client(ec2Client, region), [id]);
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'LaunchFailed')) throw error;
      await services.catalogue.addEvent(context.operation, services.now(), error.message);
      isAccepted = false;
    }
  }
  return isAccepted;
}
