import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots, type SnapshotFacts } from '../../aws/snapshots.ts';
import { blocksPerGib } from '../../domain/blocks.ts';
import { type Unreplicated, volumeKey } from '../../domain/catalogue.ts';
import { imagesOf } from '../operation/images.ts';
import type { Context, Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { countChanged } from '../transfer/list-blocks.ts';
import { failoverOf } from '../waves/site.ts';

/**
 * What the returned primary holds that the recovery point of the failover does not: the blocks changed between the point's snapshots
 * at home and those just taken of the same volumes. A volume that cannot be compared counts with all its blocks.
 * @param returned snapshots of the returned primary, by server
 */
export async function unreplicatedOf(
  services: Services,
  context: Context,
  returned: ReadonlyMap<string, readonly SnapshotFacts[]>,
): Promise<Record<string, Unreplicated>> {
  const { primary } = services.plan(context.plan);
  const failover = await failoverOf(services, context);
  const launched = await imagesOf(services, failover);
  const volumes = [...launched].flatMap(([server, image]) =>
    Object.values(image.volumes).map((volume) => ({ server, ...volume })),
  );
  const bases = await describeSnapshots(
    services.client(ec2Client, primary.region),
    volumes.map(({ snapshot }) => snapshot),
  );
  const report = new Map<string, Unreplicated>();
  await sideBySide(volumes, async ({ server, device, volumeId, snapshot: base }) => {
    const kept = returned.get(server)?.find((snapshot) => snapshot.volumeId === volumeId);
    if (kept === undefined) {
      const note = `${volumeId} (${volumeKey(server, device)}) is no longer attached to its server: what was written to it is not kept`;
      await services.catalogue.addEvent(context.operation, services.now(), note);
      return;
    }
    const { id: snapshot, sizeGib } = kept;
    const pair = { region: primary.region, base, snapshot, sizeGib };
    const listed = bases.has(base) ? await countChanged(services, pair) : undefined;
    const blocks = listed ?? kept.sizeGib * blocksPerGib;
    if (blocks > 0) report.set(volumeKey(server, device), { snapshot: kept.id, blocks });
  });
  return Object.fromEntries(report);
}
