import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import { type Operation, type PointServer, type RecoveryPoint, volumeKey } from '../../domain/catalogue.ts';
import { pointOfServer, pointsOf } from '../../domain/choice.ts';
import { isHomeDrill } from '../../domain/drill.ts';
import { isNewAtHome } from '../../domain/homes.ts';
import { isMissing } from '../../domain/left-out.ts';
import { lastTwins } from '../../domain/twins.ts';
import type { Services } from '../services.ts';

type Launching = Pick<Operation, 'plan' | 'recoveryPoint' | 'choice'> &
  Partial<Pick<Operation, 'leftOut' | 'extent' | 'newServers'>>;

/** The captured server that an operation launches, of the point that was chosen for it. */
export async function imageOf(
  services: Services,
  operation: Launching,
  server: string,
): Promise<PointServer | undefined> {
  const { catalogue } = services;
  const image = await catalogue.pointServer(operation.plan, pointOfServer(operation, server), server);
  const isAtHome = isHomeDrill(operation) || isNewAtHome(operation, server);
  if (image === undefined || !isAtHome) return image;
  return (await asAtHome(services, operation, new Map([[server, image]]))).get(server);
}

/** Every captured server that an operation launches and does not leave out, by name; none of a point that is gone, and none without an operation. */
export async function imagesOf(
  services: Services,
  operation: Launching | undefined,
): Promise<Map<string, PointServer>> {
  const images = new Map<string, PointServer>();
  if (operation === undefined) return images;
  const { leftOut = {} } = operation;
  for (const id of pointsOf(operation)) {
    const servers: RecoveryPoint['servers'] = (await services.catalogue.point(operation.plan, id))?.servers ?? {};
    for (const [server, image] of Object.entries(servers))
      if (pointOfServer(operation, server) === id && !isMissing({ leftOut }, server)) images.set(server, image);
  }
  return isHomeDrill(operation) ? asAtHome(services, operation, images) : images;
}

/** The servers as they are launched at home: from the newest content that has come there, in place of the copies. */
async function asAtHome(
  { catalogue, client, plan: planOf }: Services,
  { plan }: Launching,
  images: ReadonlyMap<string, PointServer>,
): Promise<Map<string, PointServer>> {
  const { failover } = await catalogue.state(plan);
  const since = (failover === null ? undefined : await catalogue.operation(plan, failover))?.epoch ?? 0;
  const twins = lastTwins((await catalogue.twins(plan)).filter(({ epoch }) => epoch > since));
  const atHome = new Map(
    [...images].flatMap(([server, { volumes }]) =>
      Object.values(volumes).map(({ device, snapshot }) => {
        const key = volumeKey(server, device);
        return [key, twins.get(key)?.primarySnapshot ?? snapshot] as const;
      }),
    ),
  );
  // A volume may have grown since the point was taken.
  const found = await describeSnapshots(client(ec2Client, planOf(plan).primary.region), [...atHome.values()]);
  const moved = [...images].map(([server, image]) => {
    const volumes = Object.entries(image.volumes).map(([device, volume]) => {
      const copy = atHome.get(volumeKey(server, volume.device)) ?? volume.snapshot;
      return [device, { ...volume, copy, sizeGib: found.get(copy)?.sizeGib ?? volume.sizeGib }] as const;
    });
    return [server, { ...image, volumes: Object.fromEntries(volumes) }] as const;
  });
  return new Map(moved);
}
