import type * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, type InstanceFacts, stopInstances } from '../../aws/instances.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { isTransient } from '../../domain/failure.ts';
import { mayHaveChangedHome } from '../../domain/homes.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type PollResult } from '../../domain/poll.ts';
import { type undoSchema, waitForUndo, waitUntilLed } from '../failover/undo.ts';
import type { Services } from '../services.ts';
import { protectedServers, switchProtections } from '../waves/protections.ts';
import { instancesOf, serversAway } from '../waves/site.ts';
import { isSwitched, refuseIfLedThere } from '../traffic/is-switched.ts';
import { lead, takeBack } from '../traffic/lead.ts';
import { tryStart } from '../waves/start.ts';
import { commit } from './commit.ts';
import { removeNewServers } from './new-servers.ts';
import { lookAtPrimary } from './primary-look.ts';

type UndoInput = z.infer<typeof undoSchema>;

/**
 * Takes back an uncommitted failback (I5): what was launched at home gone and the originals stopped (I1), the recovery servers running again. Traffic, what the
 * rounds left behind and the originals' old volumes follow in steps of their own. What has committed is final, and so is what has
 * switched traffic: users write at home then.
 */
export async function undo(services: Services, input: UndoInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const state = await services.proveEpoch(input);
  if (state.commit === input.operation || (await isSwitched(services, input))) {
    if (state.commit !== input.operation) await commit(services, input);
    // The records may have been switched before the health check was.
    const isLed = await lead(services, input, 'primary');
    return isLed ? nextPoll(input.poll, true, services.now()) : waitUntilLed(services, input, 'primary');
  }
  await takeBack(services, input);
  await services.catalogue.progress(input, { progression: 'undoing', committedAt: null }, services.now());
  const operation = await services.catalogue.operationOf(input);
  const primary = await lookAtPrimary(services, input, async () => {
    const isGone = await removeNewServers(services, input, operation, (launched) =>
      refuseIfLedHome(services, input, launched),
    );
    return (await stopOriginals(services, plan, operation)) && isGone;
  });
  if (primary === 'changing') return notYet(services, input);
  if (primary === 'silent')
    await services.catalogue.changeState(input, { kind: 'fence', status: 'owed', now: services.now() });
  if (!(await serveInRecovery(services, input, plan))) return notYet(services, input);
  await protectAgain(services, input, operation);
  return nextPoll(input.poll, true, services.now());
}

function notYet(services: Services, input: UndoInput): PollResult {
  const advice = `See to it that the recovery servers of the plan run, then look at operation ${input.operation} for volumes to put back.`;
  return waitForUndo(services, input, `The failback of plan ${input.plan}`, advice);
}

/** A Route 53 that does not answer is no witness, and no reason to leave what was launched at home running. */
async function refuseIfLedHome(
  services: Services,
  input: UndoInput,
  launched: readonly InstanceFacts[],
): Promise<void> {
  try {
    await refuseIfLedThere(services, input, launched);
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
}

/** Originals may have been started since this failback had begun to change something at home; before that they are stopped anyway. */
async function stopOriginals(services: Services, plan: Plan, operation: Operation): Promise<boolean> {
  if (!mayHaveChangedHome(operation)) return true;
  const client = services.client(ec2Client, plan.primary.region);
  const instances = await describeInstances(
    client,
    Object.values(plan.servers).map(({ instance }) => instance),
  );
  await stopInstances(
    client,
    instances.filter(({ state }) => state === 'running').map(({ id }) => id),
  );
  return instances.every(({ state }) => state === 'stopped' || state === 'terminated');
}

async function serveInRecovery(services: Services, input: UndoInput, plan: Plan): Promise<boolean> {
  const { region } = plan.recovery;
  const away = await serversAway(services, input);
  const servers = [...(await instancesOf(services, input, 'recovery', away)).values()];
  const starting = servers.filter(({ state }) => state === 'stopped').map(({ id }) => id);
  const isAccepted = await tryStart(services, input, region, starting);
  const isDown = servers.some(({ state }) => state !== 'running' && state !== 'terminated');
  return isAccepted && !isDown;
}

/** The stop protection that the failback had taken off what it stopped. */
async function protectAgain(services: Services, input: UndoInput, { stopped }: Operation): Promise<void> {
  const servers = await protectedServers(services, input);
  const lifted = servers.filter(({ instance }) => stopped[instance] !== undefined);
  await switchProtections(services, input, lifted, { only: 'stop', isOn: true });
}
