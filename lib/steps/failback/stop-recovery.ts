import type * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, pollSchema } from '../../domain/poll.ts';
import type { InstanceFacts } from '../../aws/instances.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { protectedServers, switchProtections } from '../waves/protections.ts';
import { instancesOf, serversAway } from '../waves/site.ts';
import { stopServers } from '../waves/stop.ts';

export const stopRecoverySchema = contextSchema.extend({ poll: pollSchema });

const stopSecondsMax = 900;

/** Stops what serves in the recovery Region: the cut-over pause begins, and nothing is written any more (I1). */
export async function stopRecovery(services: Services, input: z.infer<typeof stopRecoverySchema>): Promise<MayAsk> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  const asking = await askFirst(services, input, {
    key: 'cut-over',
    text: `The rounds of plan ${plan.name} are done. Shall its servers in ${plan.recovery.region} be stopped and production go home now?`,
    rule: plan.failback.questions?.cutOver,
  });
  if (asking !== undefined) return asking;
  await services.catalogue.progress(input, { progression: 'stopping recovery' }, services.now());
  const servers = await serversAway(services, input);
  const instances = [...(await instancesOf(services, input, 'recovery', servers)).values()];
  await stopServers(services, input, plan.recovery.region, instances, (running) => allowStop(services, input, running));
  const isStopped = instances.every(({ state }) => state === 'stopped' || state === 'terminated');
  return nextPollWithin(input.poll, isStopped, services.now(), {
    withinSeconds: stopSecondsMax,
    overdue: () =>
      new Failure(
        'FenceNotConfirmed',
        `The servers of plan ${plan.name} in ${plan.recovery.region} did not stop within ${stopSecondsMax} s, so nothing is brought home. Stop them by hand, then start the failback again.`,
      ),
  });
}

/** The failover had given its servers the stop protection of the originals. */
async function allowStop(services: Services, context: Context, running: readonly InstanceFacts[]): Promise<void> {
  const servers = await protectedServers(services, context);
  const stopping = servers.filter(({ instance }) => running.some(({ id }) => id === instance));
  await switchProtections(services, context, stopping, { only: 'stop', isOn: false });
}
