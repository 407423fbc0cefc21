import { tagValue } from '../../aws/tags.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { isMissing } from '../../domain/left-out.ts';
import { nextPoll, nextPollWithin, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { launchedBy, removeServers } from './launched.ts';
import type { UndoInput } from './undo.ts';

export const clearSecondsMax = 1_800;

/**
 * Ends what a final failover launched of servers that it then left out (I8). Only once it is final: what is not, is taken back as a whole. It looks
 * for some seconds at least, for a launch of which nobody knows yet.
 */
export async function clear(services: Services, input: UndoInput): Promise<PollResult> {
  const { commit } = await services.proveEpoch(input);
  if (commit !== input.operation) return nextPoll(input.poll, true, services.now());
  const operation = await services.catalogue.operationOf(input);
  const isGone = await removeLeftOut(services, input, operation);
  return nextPollWithin(input.poll, isGone, services.now(), {
    withinSeconds: clearSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `What ${input.operation} had launched of ${leftOutOf(operation).join(', ')}, which were left out, did not go within ${clearSecondsMax} s. Terminate it; without that the plan cannot be brought home.`,
      ),
  });
}

function leftOutOf(operation: Operation): string[] {
  return Object.keys(operation.leftOut).filter((server) => isMissing(operation, server));
}

/** Ends what an operation that is final launched of servers that it left out. Returns whether all of it is gone. */
export async function removeLeftOut(services: Services, input: UndoInput, operation: Operation): Promise<boolean> {
  const servers = leftOutOf(operation);
  if (servers.length === 0) return true;
  const launched = (await launchedBy(services, input)).filter(({ raw }) =>
    servers.includes(tagValue(raw.Tags, 'server') ?? ''),
  );
  const isGone = await removeServers(services, input, launched, { servers });
  return isGone && pollingSeconds(input.poll, services.now()) >= settledSeconds;
}
