import { isEnding } from '../../aws/instances.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { tagValue } from '../../aws/tags.ts';
import { type Operation, type VolumeKey, volumeKey } from '../../domain/catalogue.ts';
import { corrupt } from '../../domain/corrupt.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPollWithin, type Poll, type PollResult } from '../../domain/poll.ts';
import { launchedBy } from '../failover/launched.ts';
import { snapshotOnce } from '../operation/snapshot-once.ts';
import type { Context, Services } from '../services.ts';
import { failoverOf, instancesOf, serversAway } from '../waves/site.ts';
import { findBases, type FoundBase, type Origin, originOf } from './bases.ts';

/** One volume that serves in the recovery Region: its new snapshot, and the twin whose content its lineage began with. */
export interface ServingVolume extends FoundBase {
  readonly key: VolumeKey;
  readonly snapshot: SnapshotFacts;
}

/** The first snapshot of a large volume may take hours. @source aws-facts [1.2] */
const servingSnapshotSecondsMax = 12 * 3_600;
/** Of stopped servers: nobody is served, and the snapshot holds only what was written since the round before. */
const stoppedSnapshotSecondsMax = 2 * 3_600;

export type ServingSnapshots =
  | { readonly isReady: false }
  | { readonly isReady: true; readonly volumes: readonly ServingVolume[] };

/** Snapshots every serving server once for round `number`, and waits until all are complete. */
export async function takeServingSnapshots(
  services: Services,
  context: Context,
  number: number,
): Promise<ServingSnapshots> {
  const plan = await services.planOf(context);
  refuseUnplanned(plan, await failoverOf(services, context));
  const names = await serversAway(services, context);
  await refuseIfThere(services, context, names);
  const instances = await instancesOf(services, context, 'recovery', names);
  const gone = names.filter((name) => !instances.has(name));
  if (gone.length > 0)
    throw new Failure(
      'SnapshotFailed',
      `The instances of ${gone.join(', ')} no longer exist in ${plan.recovery.region}, so what they held cannot be brought home. Look at what ended them.`,
    );
  const volumes: Pick<ServingVolume, 'key' | 'snapshot'>[] = [];
  let isReady = true;
  for (const [server, instance] of instances) {
    const owner = {
      plan: plan.name,
      operation: context.operation,
      purpose: 'failback-round',
      step: `round-${number}/${server}`,
      server,
    };
    const snapshots = await snapshotOnce(services, context, plan.recovery.region, { instance, owner });
    isReady &&= snapshots.length > 0 && snapshots.every(({ state }) => state === 'completed');
    for (const { device, volumeId } of instance.volumes) {
      const snapshot = snapshots.find((candidate) => candidate.volumeId === volumeId);
      if (snapshot === undefined || snapshot.state === 'error') {
        throw new Failure(
          'SnapshotFailed',
          `Volume ${volumeId} (${server} ${device}) in ${plan.recovery.region} has no usable snapshot in round ${number}: ${snapshot?.message ?? 'it was attached meanwhile'}. Start it again.`,
        );
      }
      const key = volumeKey(server, device);
      volumes.push({ key, snapshot });
    }
  }
  const origin = await originOf(services, context);
  refuseOtherVolumes(context.plan, origin, volumes);
  if (!isReady) return { isReady };
  const bases = await findBases(services, plan, origin, volumes);
  return {
    isReady,
    volumes: volumes.map((volume) => {
      const found = bases.get(volume.key);
      assertInvariant(found !== undefined, 'I4', `no base was looked for of ${volume.key}`);
      return { ...volume, ...found };
    }),
  };
}

/** What was launched or stopped and is not in the plan any more would stay behind, with what was written to it (I4). */
export function refuseUnplanned({ name, servers }: Plan, failover: Operation | undefined): void {
  const moved = [...Object.keys(failover?.servers ?? {}), ...Object.keys(failover?.leftOut ?? {})];
  const unplanned = [...new Set(moved)].filter((server) => servers[server] === undefined);
  if (unplanned.length === 0) return;
  throw new Failure(
    'PreflightFailed',
    `${failover?.id ?? ''} moved or stopped ${unplanned.join(', ')}, which plan ${name} no longer has: they would be left behind. Put them or their groups back into the plan and deploy it; take them out after the failback. Nothing was changed.`,
  );
}

/** The world as a second witness: what a server that runs there has written would not be brought home if it were taken for one that was left out. */
async function refuseIfThere(services: Services, context: Context, away: readonly string[]): Promise<void> {
  const { servers } = await services.planOf(context);
  const leftOut = Object.keys(servers).filter((server) => !away.includes(server));
  const failover = await failoverOf(services, context);
  if (leftOut.length === 0 || failover === undefined) return;
  const launched = await launchedBy(services, { plan: context.plan, operation: failover.id });
  for (const instance of launched.filter((each) => !isEnding(each))) {
    const server = tagValue(instance.raw.Tags, 'server') ?? '';
    if (leftOut.includes(server))
      throw corrupt(
        `PLAN#${context.plan} / OP#${failover.id}`,
        `leftOut.${server}: says that it was not launched, and ${instance.id} is there. Where nothing was written to that, terminate it, then start it again`,
      );
  }
}

/** The next look at the snapshots of a round. @throws Failure SnapshotFailed when they take too long */
export function pollSnapshots(
  services: Services,
  { plan, poll }: { plan: string; poll: Poll },
  isReady: boolean,
  isStopped: boolean,
): PollResult {
  const withinSeconds = isStopped ? stoppedSnapshotSecondsMax : servingSnapshotSecondsMax;
  return nextPollWithin(poll, isReady, services.now(), {
    withinSeconds,
    overdue: () =>
      new Failure(
        'SnapshotFailed',
        `The snapshots of the recovery servers of plan ${plan} did not complete within ${withinSeconds} s. Recovery goes on serving; start it again.`,
      ),
  });
}

/** What serves must have the volumes it was launched with: others have no base at home, and missing ones would be old there. */
function refuseOtherVolumes(plan: string, { launched }: Origin, serving: readonly Pick<ServingVolume, 'key'>[]): void {
  const keys = new Set(serving.map(({ key }) => key));
  const others = [
    ...[...keys].filter((key) => !launched.has(key)).map((key) => `${key} was attached`),
    ...[...launched.keys()].filter((key) => !keys.has(key)).map((key) => `${key} was detached`),
  ];
  if (others.length === 0) return;
  throw new Failure(
    'LineageLost',
    `The recovery servers of plan ${plan} no longer have the volumes they were launched with: ${others.join(', ')}. Detach or attach them again, then start it again.`,
  );
}
