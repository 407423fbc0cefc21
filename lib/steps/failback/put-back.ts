import * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/instances.ts';
import { attachVolume, deleteFree, describeVolumes, detachVolume, findVolumes } from '../../aws/volumes.ts';
import type { Fence, Operation } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { mayHaveChangedHome } from '../../domain/homes.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, nextPollWithin, type PollResult } from '../../domain/poll.ts';
import { deregisterImages } from '../failover/launched.ts';
import { undoSchema, waitForUndo } from '../failover/undo.ts';
import type { Services } from '../services.ts';
import { removeNewServers } from './new-servers.ts';
import { lookAtPrimary } from './primary-look.ts';
import { removeRounds } from './sweep.ts';

/** `earlier`: instead of its own, what failbacks left that were undone while the primary Region was silent. */
export const putBackSchema = undoSchema.extend({ earlier: z.literal(true).optional() });
type PutBackInput = z.infer<typeof putBackSchema>;

/**
 * The last of an undone failback, once recovery serves: the originals' old volumes in place again, and what the failback had
 * built or launched at home removed. A primary that stays silent, or has not been fenced since, is left to who pays its fence, and that is noted. What has committed is final; of new servers only the images go then.
 */
export async function putBack(services: Services, input: PutBackInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const { commit, fence } = await services.proveEpoch(input);
  const operation = await services.catalogue.operationOf(input);
  if (input.earlier) return putBackEarlier(services, input, operation, fence);
  if (commit === input.operation) return clearHome(services, input, operation);
  // What runs there lets no volume go.
  const isOwed = fence?.status === 'owed' && mayHaveChangedHome(operation);
  const cleaning = isOwed
    ? 'silent'
    : await lookAtPrimary(services, input, () => restoreHome(services, input, plan, operation));
  if (cleaning === 'changing') {
    const advice = `Look at operation ${input.operation} for volumes to put back.`;
    return waitForUndo(services, input, `The failback of plan ${input.plan}`, advice);
  }
  if (cleaning === 'silent') {
    await services.catalogue.updateOperation(input, { isLeftAtHome: true });
    const why = isOwed ? 'the primary is not fenced' : `${plan.primary.region} did not answer`;
    const note = `${why}: what the failback had changed there is put back once the fence is paid`;
    await services.catalogue.addEvent(input.operation, services.now(), note);
  }
  return nextPoll(input.poll, true, services.now());
}

/** A snapshot cannot be deleted while an image names it, and nobody launches from these any more. */
async function clearHome(services: Services, input: PutBackInput, { newServers }: Operation): Promise<PollResult> {
  if (newServers !== undefined) await deregisterImages(services, input, newServers);
  return nextPoll(input.poll, true, services.now());
}

/** Failbacks of a plan that left something at home. */
export async function leftAtHome({ catalogue }: Services, plan: string): Promise<Operation[]> {
  return (await catalogue.operationsOf(plan, 'failback')).filter(({ isLeftAtHome }) => isLeftAtHome === true);
}

const earlierSecondsMax = 1_800;

/** Originals that a payment of their fence has only isolated run: theirs is left to the failback that stops them. */
async function putBackEarlier(
  services: Services,
  input: PutBackInput,
  operation: Operation,
  fence: Fence | null,
): Promise<PollResult> {
  const { catalogue } = services;
  const mayRun = operation.extent === 'fence' && fence?.status === 'isolated';
  const left = mayRun ? [] : await leftAtHome(services, input.plan);
  let isBack = true;
  for (const earlier of left) {
    const of = { ...input, operation: earlier.id };
    if (await restoreHome(services, of, await services.planOf(of), earlier)) {
      await catalogue.updateOperation(of, { isLeftAtHome: false });
      await catalogue.addEvent(
        earlier.id,
        services.now(),
        `what it had left at home was put back by ${input.operation}`,
      );
    } else isBack = false;
  }
  return nextPollWithin(input.poll, isBack, services.now(), {
    withinSeconds: earlierSecondsMax,
    overdue: () =>
      new Failure(
        'FenceNotConfirmed',
        `What ${left.map(({ id }) => id).join(', ')} had changed of plan ${input.plan} in its primary Region could not be put back within ${earlierSecondsMax} s. Look at the volumes of its servers there. Recovery goes on serving.`,
      ),
  });
}

/** What a failback that is undone had launched, swapped and built at home. Returns whether all is as it was. */
async function restoreHome(
  services: Services,
  input: PutBackInput,
  plan: Plan,
  operation: Operation,
): Promise<boolean> {
  const areGone = await removeNewServers(services, input, operation);
  return (await restoreOriginals(services, input, plan, operation)) && areGone;
}

async function restoreOriginals(
  services: Services,
  input: PutBackInput,
  plan: Plan,
  operation: Operation,
): Promise<boolean> {
  let isBack = true;
  for (const [server, { instance }] of Object.entries(plan.servers)) {
    const isServerBack = await restoreServer(services, plan, operation, { server, instance });
    isBack &&= isServerBack;
  }
  const client = services.client(ec2Client, plan.primary.region);
  // By their tags: of one that could not be recorded the operation knows nothing.
  const built = await findVolumes(client, { plan: plan.name, operation: operation.id }, 'failback-volume');
  const isGone = await deleteFree(client, built);
  return (await removeRounds(services, input, plan.primary.region)) && isBack && isGone;
}

/** Each new volume off, each old one on: one step on at each look. */
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
    const [old] = await describeVolumes(client, [swapped.old]);
    if (present?.volumeId === swapped.new && present.status === 'attached')
      await detachVolume(client, swapped.new, instance.id);
    if (present === undefined && old?.state === 'available')
      await attachVolume(client, swapped.old, instance.id, device);
    isBack &&= present?.volumeId === swapped.old && present.status === 'attached';
  }
  return isBack;
}
