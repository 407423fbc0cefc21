import { ec2Client } from '../../aws/clients.ts';
import { findImages, type ImageFacts, registerImage } from '../../aws/images.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { tokenOf } from '../../aws/token.ts';
import type { PointServer } from '../../domain/catalogue.ts';
import { pointOfServer } from '../../domain/choice.ts';
import { Failure } from '../../domain/failure.ts';
import { purposesOf } from '../../domain/launch-site.ts';
import { imageOf } from '../operation/images.ts';
import type { Services } from '../services.ts';
import type { ServerItem } from '../waves/wave.ts';
import { launchRegion, launchStep } from './launched.ts';

/** The image that a server is launched from, registered unless it is there already; its name can be taken only once. */
export async function ensureImage(services: Services, input: ServerItem): Promise<ImageFacts> {
  const ec2 = services.client(ec2Client, await launchRegion(services, input));
  const owner = ownerOf(input, purposesOf(input.operation).image);
  const [found] = await findImages(ec2, owner);
  if (found !== undefined) return found;
  const { configuration, volumes } = await captured(services, input);
  const name = `homeward-${tokenOf(input.plan, input.operation, input.server)}`;
  const image = await registerImage(ec2, { name, configuration, volumes: Object.values(volumes), owner });
  const noted = (await services.catalogue.operationOf(input)).servers[input.server];
  if (image.id !== '' && noted === undefined)
    await services.catalogue.updateOperationEntry(input, 'servers', input.server, { image: image.id, instance: null });
  return image;
}

/** How the server was when the operation's point was taken. @throws Failure LaunchFailed */
export async function captured(services: Services, input: ServerItem): Promise<PointServer> {
  const operation = await services.catalogue.operationOf(input);
  const image = await imageOf(services, operation, input.server);
  if (image === undefined)
    throw new Failure(
      'LaunchFailed',
      `Recovery point ${pointOfServer(operation, input.server)} has no image of server ${input.server}. Choose another point.`,
    );
  return image;
}

export function ownerOf({ plan, operation, server }: ServerItem, purpose: string): OwnerTags {
  return { plan, operation, server, purpose, step: launchStep(server) };
}
