import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/instances.ts';
import { isTransient } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';
import { stopServers } from '../waves/stop.ts';

/** `silent`: the Region does not answer. `refusing`: it answers, and does not let its servers be stopped. */
type FenceLook = 'confirmed' | 'stopping' | 'silent' | 'refusing';

/** Stops the servers of the primary, as often as it is asked. A Region that only throttles does answer, and is asked again. What it does not describe may still run. */
export async function stopPrimary(services: Services, input: Context, plan: Plan): Promise<FenceLook> {
  const ids = Object.values(plan.servers).map(({ instance }) => instance);
  try {
    const instances = await describeInstances(services.client(ec2Client, plan.primary.region), ids);
    await stopServers(services, input, plan.primary.region, instances);
    const cannotWrite = instances.filter(({ state }) => state === 'stopped' || state === 'terminated');
    return cannotWrite.length === ids.length ? 'confirmed' : 'stopping';
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    const why =
      error.awsName === 'OperationNotPermitted'
        ? 'stop protection (disableApiStop) of a server is in the way; switch it off there and stop the servers by hand. '
        : '';
    const note = `primary not fenced yet: ${why}${error.message}`;
    await services.catalogue.addEvent(input.operation, services.now(), note);
    if (error.code === 'AwsUnavailable') return 'silent';
    return isTransient(error) ? 'stopping' : 'refusing';
  }
}
