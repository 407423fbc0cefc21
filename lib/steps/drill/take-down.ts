import type { Operation } from '../../domain/catalogue.ts';
import { isHomeDrill } from '../../domain/drill.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import { launchedBy, removeServers } from '../failover/launched.ts';
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
  let isGone = true;
  const regions = regionsOf(services.plan(input.plan), operation);
  for (const region of regions) {
    const launched = await launchedBy(services, input, region);
    isGone = (await removeServers(services, input, launched, { region })) && isGone;
  }
  if (isGone && pollingSeconds(input.poll, services.now()) >= settledSeconds) {
    if (operation.rtoSeconds === null && !isHomeDrill(operation)) await unpin(services, input);
    return nextPoll(input.poll, true, services.now());
  }
  const advice = `Look at the instances of operation ${input.operation} in ${regions.join(' and ')}, and end them.`;
  return waitForUndo(services, input, `The drill of plan ${input.plan}`, advice);
}

/** Where a drill has launched. Of one that only its take-down knows, since the catalogue was lost meanwhile, nobody can say which way it went. */
function regionsOf({ primary, recovery, failback }: Plan, operation: Operation): string[] {
  if (isHomeDrill(operation)) return [primary.region];
  const isUnknown = operation.recoveryPoint === null && failback.drill !== undefined;
  return isUnknown ? [recovery.region, primary.region] : [recovery.region];
}
