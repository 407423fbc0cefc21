import { AwsFailure } from '../../aws/call.ts';
import { isTransient } from '../../domain/failure.ts';
import type { FenceKind } from '../../domain/fence.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';
import { lookAtHome } from '../waves/at-home.ts';
import { isolateServers } from '../waves/isolate.ts';
import { stopServers } from '../waves/stop.ts';

/** `silent`: the Region does not answer. `refusing`: it answers, and does not let its servers be fenced. */
type FenceLook = 'confirmed' | 'under way' | 'silent' | 'refusing';

/** Ways in which somebody fences. */
type Fencing = Exclude<FenceKind, 'none'>;

/** What is said of servers that somebody could not fence. */
export const fencedWord = { stop: 'stopped', isolate: 'isolated' } as const satisfies Record<Fencing, string>;

/**
 * Stops or isolates the servers of the primary, as often as it is asked. A Region that only throttles does answer, and is asked again. What it does not
 * describe may still run.
 */
export async function fencePrimary(services: Services, input: Context, plan: Plan, kind: Fencing): Promise<FenceLook> {
  try {
    const { instances, strays } = await lookAtHome(services, plan);
    const cannotWrite = instances.filter(({ state }) => state === 'stopped' || state === 'terminated');
    const fenced = kind === 'stop' ? cannotWrite : await isolateServers(services, input, plan, instances);
    const stopping = kind === 'stop' ? [...instances, ...strays] : strays;
    await stopServers(services, input, plan.primary.region, stopping);
    const isFenced =
      fenced.length === Object.keys(plan.servers).length && strays.every(({ state }) => state === 'stopped');
    return isFenced ? 'confirmed' : 'under way';
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    const why =
      error.awsName === 'OperationNotPermitted'
        ? 'stop protection (disableApiStop) of a server is in the way; switch it off there and stop the servers by hand. '
        : '';
    const note = `primary not fenced yet: ${why}${error.message}`;
    await services.catalogue.addEvent(input.operation, services.now(), note);
    if (error.code === 'AwsUnavailable') return 'silent';
    return isTransient(error) ? 'under way' : 'refusing';
  }
}
