import { isHomeDrill } from '../../domain/drill.ts';
import { nextPoll, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import { launchedBy, launchRegion, removeServers } from '../failover/launched.ts';
import { type UndoInput, unpin, waitForUndo } from '../failover/undo.ts';
import type { Services } from '../services.ts';

/**
 * Ends what a drill launched, however the drill ended (I8, I10). It looks for some seconds at least, for a launch of which nobody knows yet. A point
 * that was verified stays pinned.
 */
export async function takeDown(services: Services, input: UndoInput): Promise<PollResult> {
  const { catalogue } = services;
  await catalogue.proveDrill(input);
  const operation = await catalogue.operationOf(input);
  await catalogue.progress(input, { progression: 'taking down' }, services.now());
  const isGone = await removeServers(services, input, await launchedBy(services, input));
  if (isGone && pollingSeconds(input.poll, services.now()) >= settledSeconds) {
    if (operation.rtoSeconds === null && !isHomeDrill(operation)) await unpin(services, input);
    return nextPoll(input.poll, true, services.now());
  }
  const advice = `Look at the instances of operation ${input.operation} in ${await launchRegion(services, input)}, and end them.`;
  return waitForUndo(services, input, `The drill of plan ${input.plan}`, advice);
}
