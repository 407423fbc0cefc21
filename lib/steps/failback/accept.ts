import { ec2Client } from '../../aws/clients.ts';
import { deleteFree } from '../../aws/volumes.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { nextPoll, nextPollWithin, type PollResult } from '../../domain/poll.ts';
import { lastTwins } from '../../domain/twins.ts';
import { tags } from '../../names.ts';
import { removeServers } from '../failover/launched.ts';
import { type UndoInput, unpin } from '../failover/undo.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Services } from '../services.ts';
import { protectedServers, switchProtections } from '../waves/protections.ts';
import { findKept, type KeptReturn, refuseUnprotected } from './kept.ts';

/** Servers and volumes that have not gone by then never will. */
const acceptSecondsMax = 3_600;

/**
 * Takes away what stayed since the plan came home, which somebody accepted: recovery servers with their images and volumes, replaced volumes, and
 * snapshots of what the returned primary held. Each look finds by tags what is left, so that a repeat goes on; the pin on the point that was
 * launched from goes last.
 * @throws Failure PreflightFailed, AcceptFailed
 */
export async function accept(services: Services, input: UndoInput): Promise<PollResult> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await catalogue.progress(input, { progression: 'removing what was kept' }, services.now());
  const returns = await findKept(services, plan);
  if (returns.length === 0) return nextPoll(input.poll, true, services.now());
  await refuseUnprotected(services, plan.name, returns);
  for (const kept of returns) refuseInUse(input.plan, kept);
  await refuseNeeded(services, input.plan, returns);
  let isGone = true;
  for (const kept of returns) isGone = (await remove(services, input, kept)) && isGone;
  if (isGone)
    for (const { failback, failover } of returns) {
      if (failover !== undefined) await unpin(services, { ...input, operation: failover.id });
      const accepted = { plan: plan.name, operation: failback.id };
      await catalogue.updateOperation(accepted, { acceptedAt: services.now().toISOString() });
      await catalogue.addEvent(failback.id, services.now(), `accepted by ${input.operation}: nothing of it stays`);
    }
  return nextPollWithin(input.poll, isGone, services.now(), {
    withinSeconds: acceptSecondsMax,
    overdue: () =>
      new Failure(
        'AcceptFailed',
        `What stays of plan ${plan.name} did not go within ${acceptSecondsMax} s. Look at what keeps it, among the events of ${input.operation}, then accept again.`,
      ),
  });
}

/** Somebody may look at what an old volume or server holds, or have gone back to it. */
function refuseInUse(plan: string, { failover, servers, launched, replaced }: KeptReturn): void {
  // One that is terminated is shown no more, and may still be shown as what its volumes are attached to.
  const noted = Object.values(failover?.servers ?? {}).map(({ instance }) => instance ?? '');
  const own = new Set([...servers.map(({ id }) => id), ...noted]);
  const inUse = [
    ...servers
      .filter(({ state }) => state !== 'stopped' && state !== 'shutting-down')
      .map(({ id, state }) => `${id} is ${state}`),
    ...[...launched, ...replaced].flatMap(({ id, instance }) =>
      instance === undefined || own.has(instance) ? [] : [`${id} is attached to ${instance}`],
    ),
  ];
  if (inUse.length === 0) return;
  throw new Failure(
    'PreflightFailed',
    `What stays of plan ${plan} is in use: ${inUse.join(', ')}. Stop or detach what is not needed; of a volume that serves again take the tag ${tags.purpose} off. Then accept again.`,
  );
}

/** I3: a lineage goes on from the snapshots of twins, and from the volume of the last one; none of them is ever among what stays. */
async function refuseNeeded({ catalogue }: Services, plan: string, returns: readonly KeptReturn[]): Promise<void> {
  const twins = await catalogue.twins(plan);
  const needed = new Set([
    ...twins.flatMap(({ primarySnapshot, recoverySnapshot }) => [primarySnapshot, recoverySnapshot]),
    ...[...lastTwins(twins).values()].map(({ primaryVolume }) => primaryVolume),
  ]);
  for (const { id } of returns.flatMap(({ replaced, snapshots }) => [...replaced, ...snapshots]))
    assertInvariant(!needed.has(id), 'I3', `${id} is accepted to go, and a twin of plan ${plan} needs it`);
}

async function remove(services: Services, input: UndoInput, kept: KeptReturn): Promise<boolean> {
  const { failover, servers, replaced, snapshots: found } = kept;
  const { region } = services.plan(input.plan).primary;
  const home = services.client(ec2Client, region);
  const areServersGone = failover === undefined || (await removeLaunched(services, input, failover.id, servers));
  const areVolumesGone = await deleteFree(home, replaced);
  // What AWS does not let go is noted, and held against nobody: each prune tries it again.
  const { isDone: areSnapshotsSwept } = await sweepSnapshots(services, input, { region, found }, () => true);
  return areServersGone && areVolumesGone && areSnapshotsSwept;
}

/** The failover had given its servers the protections of the originals. */
async function removeLaunched(
  services: Services,
  input: UndoInput,
  operation: string,
  servers: KeptReturn['servers'],
): Promise<boolean> {
  const launcher = { ...input, operation };
  const stopped = new Set(servers.filter(({ state }) => state === 'stopped').map(({ id }) => id));
  const guarded = (await protectedServers(services, launcher)).filter(({ instance }) => stopped.has(instance));
  await switchProtections(services, input, guarded, { only: 'termination', isOn: false });
  return removeServers(services, launcher, servers);
}
