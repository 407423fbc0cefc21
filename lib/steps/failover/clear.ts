import { tagValue } from '../../aws/tags.ts';
import { Failure } from '../../domain/failure.ts';
import { isMissing } from '../../domain/left-out.ts';
import { nextPoll, nextPollWithin, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { launchedBy, removeServers } from './launched.ts';
import type { UndoInput } from './undo.ts';

const clearSecondsMax = 1_800;

/**
 * Ends what a final failover launched of servers that it then left out (I8). Only once it is final: what is not, is taken back as a whole. It looks
 * for some seconds at least, for a launch of which nobody knows yet.
 */
export async function clear(services: Services, input: UndoInput): Promise<PollResult> {
  const { commit } = await services.proveEpoch(input);
  const operation = await services.catalogue.operationOf(input);
  const leftOut = Object.keys(operation.leftOut).filter((server) => isMissing(operation, server));
  if (commit !== input.operation || leftOut.length === 0) return nextPoll(input.poll, true, services.now());
  const launched = (await launchedBy(services, input)).filter(({ raw }) =>
    leftOut.includes(tagValue(raw.Tags, 'server') ?? ''),
  );
  const isGone = await removeServers(services, input, launched, { servers: leftOut });
  const isSettled = pollingSeconds(input.poll, services.now()) >= settledSeconds;
  return nextPollWithin(input.poll, isGone && isSettled, services.now(), {
    withinSeconds: clearSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `What ${input.operation} had launched of ${leftOut.join(', ')}, which were left out, did not go within ${clearSecondsMax} s. Terminate it; without that the plan cannot be brought home.`,
      ),
  });
}
