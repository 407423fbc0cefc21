import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { describeInstances, startInstances, stopInstances } from '../../aws/instances.ts';
import { attachVolume, deleteVolume, describeVolumes, detachVolume } from '../../aws/volumes.ts';
import { type Operation, volumeKey } from '../../domain/catalogue.ts';
import { isTransient } from '../../domain/failure.ts';
import { nextPoll, type PollResult, pollingSeconds } from '../../domain/poll.ts';
import type { Plan } from '../../domain/plan.ts';
import type { undoSchema } from '../failover/undo.ts';
import type { Services } from '../services.ts';
import { restoreTraffic } from '../traffic/switch.ts';
import { instancesOf } from '../waves/site.ts';

type UndoInput = z.infer<typeof undoSchema>;

/** Recovery must serve again soon; a primary that is silent once more is given up after this and left to the operator. */
const primarySecondsMax = 900;

/** Takes back an uncommitted failback (I5): recovery serves again first, then the originals get their old volumes back. */
export async function undo(services: Services, input: UndoInput): Promise<PollResult> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: 'undoing' });
  const recovery = [...(await instancesOf(services, input, 'recovery', Object.keys(plan.servers))).values()];
  const isPrimaryBack = await restorePrimary(services, input, plan);
  const ec2 = services.client(ec2Client, plan.recovery.region);
  await startInstances(
    ec2,
    recovery.filter(({ state }) => state === 'stopped').map(({ id }) => id),
  );
  await restoreTraffic(services, input);
  const isServing = recovery.every(({ state }) => state === 'running');
  return nextPoll(input.poll, isServing && isPrimaryBack, services.now());
}

async function restorePrimary(services: Services, input: UndoInput, plan: Plan): Promise<boolean> {
  const operation = await services.catalogue.operationOf(input);
  if (Object.keys(operation.swapped).length === 0) return true;
  try {
    let isBack = true;
    for (const [server, { instance }] of Object.entries(plan.servers)) {
      const isServerBack = await restoreServer(services, plan, operation, { server, instance });
      isBack &&= isServerBack;
    }
    return isBack;
  } catch (error) {
    if (!isTransient(error)) throw error;
    return pollingSeconds(input.poll, services.now()) > primarySecondsMax;
  }
}

/** The instance stopped, each new volume off, each old one on, the new ones gone: one step on at each look. */
async function restoreServer(
  services: Services,
  plan: Plan,
  operation: Operation,
  of: { server: string; instance: string },
): Promise<boolean> {
  const ec2 = services.client(ec2Client, plan.primary.region);
  const [instance] = await describeInstances(ec2, [of.instance]);
  if (instance === undefined) return true;
  if (instance.state === 'running') await stopInstances(ec2, [instance.id]);
  if (instance.state !== 'stopped') return false;
  let isBack = true;
  for (const [key, swapped] of Object.entries(operation.swapped)) {
    const device = key.slice(of.server.length + 1);
    if (key !== volumeKey(of.server, device)) continue;
    const present = instance.volumes.find((volume) => volume.device === device);
    if (present?.volumeId === swapped.new) await detachVolume(ec2, swapped.new, instance.id);
    const [old] = await describeVolumes(ec2, [swapped.old]);
    if (present === undefined && old?.state === 'available') await attachVolume(ec2, swapped.old, instance.id, device);
    isBack &&= present?.volumeId === swapped.old && present.status === 'attached';
    const [built] = await describeVolumes(ec2, [swapped.new]);
    if (built?.state === 'available') await deleteVolume(ec2, swapped.new);
  }
  return isBack;
}
