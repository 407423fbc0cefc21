import { z } from 'zod';
import { sfnClient } from '../../aws/clients.ts';
import { startExecution } from '../../aws/executions.ts';
import { tokenOf } from '../../aws/token.ts';
import type { Lease, OperationKind } from '../../domain/catalogue.ts';
import { environment } from '../../names.ts';
import { abort } from '../protect/abort.ts';
import type { Services } from '../services.ts';
import { close } from './close.ts';

/** The event of an execution that ended; more members are ignored. @source Step Functions guide, EventBridge events */
export const rescueSchema = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({ executionArn: z.string(), status: z.string() }),
});

const machineOf: Partial<Record<OperationKind, string>> = {
  failover: environment.failoverMachineArn,
  failback: environment.failbackMachineArn,
};

/**
 * Ends what an execution left open that was stopped, timed out, or broke beyond its own catches (I11): a failover or failback is
 * undone by an execution of its own, a protect run is closed as failed. An operation that closed holds no lease: nothing to do.
 */
export async function rescue(
  services: Services,
  { detail }: z.infer<typeof rescueSchema>,
): Promise<{ rescued: string | null }> {
  for (const { name } of services.plans()) {
    const { lease, epoch } = await services.catalogue.state(name);
    if (lease?.execution !== detail.executionArn) continue;
    if (lease.kind === 'protect') await closeProtect(services, name, epoch, lease, detail.status);
    else
      await startExecution(services.client(sfnClient), {
        stateMachine: services.setting(machineOf[lease.kind] ?? ''),
        name: `undo-${tokenOf(detail.executionArn)}`,
        input: JSON.stringify({ plan: name, undo: lease.operation }),
      });
    return { rescued: lease.operation };
  }
  return { rescued: null };
}

async function closeProtect(
  services: Services,
  plan: string,
  epoch: number,
  { operation, execution }: Lease,
  status: string,
): Promise<void> {
  const context = { plan, operation, epoch };
  const { recoveryPoint } = await services.catalogue.operationOf(context);
  if (recoveryPoint !== null) await abort(services, { ...context, point: recoveryPoint });
  const failure = { Error: 'Stopped', Cause: `Its execution ${execution} ended ${status} before it had closed.` };
  await close(services, { ...context, outcome: 'failed', failure });
}
