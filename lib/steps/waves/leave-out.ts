import type { Site } from '../../domain/catalogue.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import { type LeftOutServer, leftOutLine, mayBeMissing } from '../../domain/left-out.ts';
import { printable } from '../../domain/quoted.ts';
import { nextPoll, type Poll, type PollResult } from '../../domain/poll.ts';
import type { Context, Services } from '../services.ts';
import type { ServerItem } from './wave.ts';

/** Characters: of each of hundreds of servers in one item; the event has all of it. */
const whyMax = 300;

/** What one server cannot be brought up for. Anything else is not of this server alone. */
const ofTheServer: readonly FailureCode[] = ['LaunchFailed', 'AwsRejected', 'AwsRefused'];

/** Brings up a server at a site, or notes that the operation goes on without it: what that comes to is for the health gate of its wave. Runs twice without harm. */
export async function orLeaveOut(
  services: Services,
  input: ServerItem & { readonly poll: Poll },
  site: Site,
  bringUp: () => Promise<PollResult>,
): Promise<PollResult> {
  const { server } = input;
  const operation = await services.catalogue.operationOf(input);
  if (operation.leftOut[server] !== undefined) return nextPoll(input.poll, true, services.now());
  try {
    return await bringUp();
  } catch (error) {
    const isAlone = error instanceof Failure && ofTheServer.includes(error.code);
    if (!isAlone || !mayBeMissing(await services.planOf(input), operation, site, server)) throw error;
    await leaveOut(services, input, server, { isRunning: false, why: error.message });
    return nextPoll(input.poll, true, services.now());
  }
}

/** Notes that an operation goes on without a server, and why. */
export async function leaveOut(
  services: Services,
  context: Context,
  server: string,
  found: LeftOutServer,
): Promise<void> {
  const { isRunning, why } = found;
  await services.catalogue.updateOperationEntry(context, 'leftOut', server, { isRunning, why: printable(why, whyMax) });
  await services.catalogue.addEvent(context.operation, services.now(), leftOutLine(server, found));
}
