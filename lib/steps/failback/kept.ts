import { ec2Client } from '../../aws/clients.ts';
import { findImages, type ImageFacts } from '../../aws/images.ts';
import type { InstanceFacts } from '../../aws/instances.ts';
import { findSnapshotsOfPlan, type SnapshotFacts } from '../../aws/snapshots.ts';
import { findVolumes, type VolumeFacts } from '../../aws/volumes.ts';
import { Failure } from '../../domain/failure.ts';
import { homeSince, isReprotected, keptReturns, type Return } from '../../domain/kept.ts';
import type { Plan } from '../../domain/plan.ts';
import { launchedBy } from '../failover/launched.ts';
import type { Services } from '../services.ts';

/** What there is of one return, by the tags of its operations. */
export interface KeptReturn extends Return {
  readonly servers: readonly InstanceFacts[];
  readonly images: readonly ImageFacts[];
  /** Of the servers that were launched. */
  readonly launched: readonly VolumeFacts[];
  /** At home, where other volumes took their places. */
  readonly replaced: readonly VolumeFacts[];
  /** Of what the returned primary held. */
  readonly snapshots: readonly SnapshotFacts[];
}

/** What stays of a plan's returns now. Volumes and snapshots that are about to go are left out. */
export async function findKept(services: Services, { name, primary, recovery }: Plan): Promise<KeptReturn[]> {
  const returns = keptReturns(await services.catalogue.moves(name));
  if (returns.length === 0) return [];
  const home = services.client(ec2Client, primary.region);
  const away = services.client(ec2Client, recovery.region);
  const snapshots = await findSnapshotsOfPlan(home, name);
  return Promise.all(
    returns.map(async ({ failback, failover }): Promise<KeptReturn> => {
      const maker = failover === undefined ? undefined : { plan: name, operation: failover.id };
      return {
        failback,
        failover,
        servers: maker === undefined ? [] : await launchedBy(services, maker),
        images: maker === undefined ? [] : await findImages(away, maker),
        launched: maker === undefined ? [] : there(await findVolumes(away, maker)),
        replaced: there(await findVolumes(home, { plan: name, operation: failback.id }, 'replaced-volume')),
        snapshots: snapshots.filter(
          ({ operation, purpose }) => operation === failback.id && purpose === 'returned-primary',
        ),
      };
    }),
  );
}

function there(volumes: readonly VolumeFacts[]): VolumeFacts[] {
  return volumes.filter(({ state }) => state !== 'deleting');
}

/**
 * The plan always has something to recover from: what stays goes only once there is a point that was begun after it came home (I3).
 * @throws Failure PreflightFailed
 */
export async function refuseUnprotected(
  { catalogue }: Services,
  plan: string,
  returns: readonly Return[],
): Promise<void> {
  if (isReprotected(returns, await catalogue.newestAvailable(plan))) return;
  throw new Failure(
    'PreflightFailed',
    `Plan ${plan} has no available recovery point that was begun since it came home at ${homeSince(returns)}. Protect it first; until then all that stays is kept.`,
  );
}
