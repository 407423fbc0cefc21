import { ec2Client } from '../../aws/clients.ts';
import type * as z from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { Site } from '../../domain/catalogue.ts';
import { pointsOf } from '../../domain/choice.ts';
import { Failure } from '../../domain/failure.ts';
import {
  nextPoll,
  nextPollWithin,
  type PollResult,
  pollingSeconds,
  pollSchema,
  settledSeconds,
} from '../../domain/poll.ts';
import { metrics } from '../../names.ts';
import { ownPoint } from '../operation/begin-point.ts';
import { undoAgain } from '../operation/take-over.ts';
import { abort } from '../protect/abort.ts';
import { contextSchema, type Services } from '../services.ts';
import { isSwitched, refuseIfLedThere } from '../traffic/is-switched.ts';
import { lead, takeBack } from '../traffic/lead.ts';
import { giveBackGroups } from '../waves/isolate.ts';
import { tryStart } from '../waves/start.ts';
import { clear } from './clear.ts';
import { commit } from './commit.ts';
import { launchedBy, removeServers } from './launched.ts';
import { safeguard } from './safeguard.ts';

export const undoSchema = contextSchema.extend({ poll: pollSchema });
export type UndoInput = z.infer<typeof undoSchema>;

/** `givenUp`: the operation's own point, where it will never be whole: what was captured for it is to be deleted. */
type UndoResult = PollResult & { readonly givenUp?: readonly string[] };

/** Servers that have not come or gone by then never will. */
const undoSecondsMax = 3_600;

/**
 * Takes back an uncommitted failover (I5): launched servers and images gone, then the primary's servers that this operation
 * fenced as they were; traffic follows in a step of its own. In this order, so that there is never more than one writer (I1).
 * What has committed is final, even if the commit's answer was lost; so is what has switched traffic, since users write there then:
 * what is still to be done for its servers is done here.
 */
export async function undo(services: Services, input: UndoInput): Promise<UndoResult> {
  const state = await services.proveEpoch(input);
  if (state.commit === input.operation || (await isSwitched(services, input))) {
    if (state.commit !== input.operation) await commit(services, input);
    await safeguard(services, input);
    // The records may have been switched before the health check was.
    if (!(await lead(services, input, 'recovery'))) return waitUntilLed(services, input, 'recovery');
    return clear(services, input);
  }
  await takeBack(services, input);
  await services.catalogue.progress(input, { progression: 'undoing', committedAt: null }, services.now());
  const isSettled = pollingSeconds(input.poll, services.now()) >= settledSeconds;
  if (!((await removeLaunched(services, input)) && isSettled)) return notYet(services, input);
  if (!(await unfenceOnceThere(services, input))) return notYet(services, input);
  await unpin(services, input);
  return { ...nextPoll(input.poll, true, services.now()), givenUp: await giveUpPoint(services, input) };
}

function notYet(services: Services, input: UndoInput): PollResult {
  const advice = `Look at the instances of operation ${input.operation} in both Regions: end those it launched, start those it stopped.`;
  return waitForUndo(services, input, `The failover of plan ${input.plan}`, advice);
}

/** The next look at where a final operation leads its failover pairs: its servers serve, and nothing of it is taken back. @throws Failure TrafficChanged */
export function waitUntilLed(services: Services, { plan, operation, poll }: UndoInput, to: Site): PollResult {
  return nextPollWithin(poll, false, services.now(), {
    withinSeconds: undoSecondsMax,
    overdue: () =>
      new Failure(
        'TrafficChanged',
        `${operation} is final, and the health check of plan ${plan} did not lead to the ${to} site within ${undoSecondsMax} s: its failover pairs may lead users elsewhere than its other records do. Look at the alarm of the pairs; it follows metric ${metrics.ledAway} of the plan, ${to === 'recovery' ? 1 : 0} for the ${to} site.`,
      ),
  });
}

/** The next look at an undo. @throws Failure UndoFailed when it takes longer than servers take to come and go */
export function waitForUndo(
  services: Services,
  { plan, operation, poll }: UndoInput,
  what: string,
  advice: string,
): PollResult {
  return nextPollWithin(poll, false, services.now(), {
    withinSeconds: undoSecondsMax,
    overdue: () =>
      new Failure(
        'UndoFailed',
        `${what} could not be undone within ${undoSecondsMax} s. ${advice} Then ${undoAgain({ plan, operation })}`,
      ),
  });
}

export async function unpin(services: Services, { plan, operation }: UndoInput): Promise<void> {
  for (const id of pointsOf(await services.catalogue.operationOf({ plan, operation })))
    await services.catalogue.changePins(plan, id, (pins) => pins.filter((pin) => pin !== operation));
}

/** A planned failover may have begun a point of its own. One that is whole stays a point like any other. */
async function giveUpPoint(services: Services, input: UndoInput): Promise<readonly string[]> {
  const operation = await services.catalogue.operationOf(input);
  if (operation.isPlanned !== true) return [];
  return (await abort(services, { ...input, point: ownPoint(operation) })).failed;
}

async function removeLaunched(services: Services, input: UndoInput): Promise<boolean> {
  const launched = await launchedBy(services, input);
  await refuseIfLedThere(services, input, launched);
  return removeServers(services, input, launched);
}

/** A primary Region that is silent is waited for as long as an undo may take: until it is back nobody serves. */
async function unfenceOnceThere(services: Services, input: UndoInput): Promise<boolean> {
  try {
    return await unfencePrimary(services, input);
  } catch (error) {
    if (error instanceof Failure && error.code === 'AwsUnavailable') return false;
    throw error;
  }
}

/** Starts again what was stopped, and lets be reached what was isolated. A server that no longer exists, or was not running before, is left as it is. */
async function unfencePrimary(services: Services, input: UndoInput): Promise<boolean> {
  const { stopped, isolated = {} } = await services.catalogue.operationOf(input);
  const fenced = [...Object.keys(stopped), ...Object.values(isolated).map(({ instance }) => instance)];
  if (fenced.length === 0) return true;
  const { region } = services.plan(input.plan).primary;
  const instances = await describeInstances(services.client(ec2Client, region), [...new Set(fenced)]);
  const areOpen = await giveBackGroups(services, input, instances);
  const ran = instances.filter(({ id }) => stopped[id] !== undefined);
  const starting = ran.filter(({ state }) => state === 'stopped').map(({ id }) => id);
  const isStarted = await tryStart(services, input, region, starting);
  const isDown = ({ state }: InstanceFacts) => state !== 'running' && state !== 'terminated';
  return areOpen && isStarted && instances.length > 0 && !ran.some(isDown);
}
