import type { z } from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, stopInstances } from '../../aws/instances.ts';
import { attachVolume, deleteVolume, describeVolumes, detachVolume } from '../../aws/volumes.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import { type undoSchema, waitForUndo } from '../failover/undo.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Services } from '../services.ts';
import { restoreTraffic } from '../traffic/restore.ts';
import { instancesOf } from '../waves/site.ts';
import { tryStart } from '../waves/start.ts';
import { renewedAddresses } from '../waves/stop.ts';

type UndoInput = z.infer<typeof undoSchema>;

/** Recovery must serve again soon: a primary that is silent once more gets this long, then its fence is owed again. */
const silentSecondsMax = 120;

/**
 * Takes back an uncommitted failback (I5): the originals stopped (I1), recovery serving with the traffic it had, then the
 * originals' old volumes in place again and what the rounds left behind removed. What has committed is final.
 */
export async function undo(services: Services, input: UndoInput): Promise<PollResult> {
  const plan = services.plan(input.plan);
  const state = await services.proveEpoch(input);
  if (state.commit === input.operation) return nextPoll(input.poll, true, services.now());
  await services.catalogue.updateOperation(input, { progression: 'undoing', committedAt: null });
  const operation = await services.catalogue.operationOf(input);
  const primary = await lookAtPrimary(services, input, () => stopOriginals(services, plan, operation));
  if (primary === 'changing') return notYet(services, input);
  if (primary === 'silent')
    await services.catalogue.updateState(input, {
      fence: { site: 'primary', status: 'owed', since: services.now().toISOString() },
    });
  if (!(await serveInRecovery(services, input, plan))) return notYet(services, input);
  const isSettled = pollingSeconds(input.poll, services.now()) >= settledSeconds;
  if (!(await removeRounds(services, input, plan.recovery.region)) || !isSettled) return notYet(services, input);
  const cleaning = await lookAtPrimary(services, input, () => restoreOriginals(services, input, plan, operation));
  if (cleaning === 'silent') {
    const note = `${plan.primary.region} did not answer: what the failback had built there is still to be removed`;
    await services.catalogue.addEvent(input.operation, services.now(), note);
  }
  return cleaning === 'changing' ? notYet(services, input) : nextPoll(input.poll, true, services.now());
}

function notYet(services: Services, input: UndoInput): PollResult {
  const advice = `See to it that the recovery servers of the plan run, then look at operation ${input.operation} for volumes to put back.`;
  return waitForUndo(services, input, `The failback of plan ${input.plan}`, advice);
}

type PrimaryLook = 'done' | 'changing' | 'silent';

/** Does one thing in the primary Region; a Region that stays silent is not waited for. */
async function lookAtPrimary(services: Services, input: UndoInput, act: () => Promise<boolean>): Promise<PrimaryLook> {
  try {
    return (await act()) ? 'done' : 'changing';
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'AwsUnavailable')) throw error;
    return pollingSeconds(input.poll, services.now()) > silentSecondsMax ? 'silent' : 'changing';
  }
}

/** Originals whose volumes this failback had begun to swap may have been started; before that they are stopped anyway. */
async function stopOriginals(services: Services, plan: Plan, operation: Operation): Promise<boolean> {
  if (Object.keys(operation.swapped).length === 0) return true;
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
  const servers = [...(await instancesOf(services, input, 'recovery', Object.keys(plan.servers))).values()];
  const starting = servers.filter(({ state }) => state === 'stopped').map(({ id }) => id);
  const isAccepted = await tryStart(services, input, region, starting);
  const isDown = servers.some(({ state }) => state !== 'running' && state !== 'terminated');
  if (!isAccepted || isDown) return false;
  await restoreTraffic(services, input, await renewedAddresses(services, input, region));
  return true;
}

async function restoreOriginals(
  services: Services,
  input: UndoInput,
  plan: Plan,
  operation: Operation,
): Promise<boolean> {
  let isBack = true;
  for (const [server, { instance }] of Object.entries(plan.servers)) {
    const isServerBack = await restoreServer(services, plan, operation, { server, instance });
    isBack &&= isServerBack;
  }
  return (await removeRounds(services, input, plan.primary.region)) && isBack;
}

/** Each new volume off, each old one on, the new ones gone: one step on at each look. */
async function restoreServer(
  services: Services,
  plan: Plan,
  operation: Operation,
  of: { server: string; instance: string },
): Promise<boolean> {
  const client = services.client(ec2Client, plan.primary.region);
  const mine = Object.entries(operation.swapped).filter(([key]) => key.startsWith(`${of.server}:`));
  const [instance] = await describeInstances(client, [of.instance]);
  if (instance === undefined || mine.length === 0) return true;
  let isBack = true;
  for (const [key, swapped] of mine) {
    const device = key.slice(of.server.length + 1);
    const present = instance.volumes.find((volume) => volume.device === device);
    const volumes = await describeVolumes(client, [swapped.old, swapped.new]);
    const stateOf = (id: string) => volumes.find((volume) => volume.id === id)?.state;
    if (present?.volumeId === swapped.new && present.status === 'attached')
      await detachVolume(client, swapped.new, instance.id);
    if (present === undefined && stateOf(swapped.old) === 'available')
      await attachVolume(client, swapped.old, instance.id, device);
    if (stateOf(swapped.new) === 'available') await deleteVolume(client, swapped.new);
    const isOld = present?.volumeId === swapped.old && present.status === 'attached';
    const isNewGone = stateOf(swapped.new) === undefined || stateOf(swapped.new) === 'deleting';
    isBack &&= isOld && isNewGone;
  }
  return isBack;
}

/** Snapshots of this failback go, but for the twins it completed: the next one goes on from there. */
async function removeRounds(services: Services, input: UndoInput, region: string): Promise<boolean> {
  const twins = await services.catalogue.twins(input.plan);
  const kept = new Set(twins.flatMap(({ primarySnapshot, recoverySnapshot }) => [primarySnapshot, recoverySnapshot]));
  return sweepSnapshots(services, input, region, ({ id, operation }) => operation === input.operation && !kept.has(id));
}
