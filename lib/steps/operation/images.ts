import type { Operation, PointServer, RecoveryPoint } from '../../domain/catalogue.ts';
import { pointOfServer, pointsOf } from '../../domain/choice.ts';
import { isMissing } from '../../domain/left-out.ts';
import type { Services } from '../services.ts';

type Launching = Pick<Operation, 'plan' | 'recoveryPoint' | 'choice'> & Partial<Pick<Operation, 'leftOut'>>;

/** The captured server that an operation launches, of the point that was chosen for it. */
export function imageOf(
  { catalogue }: Services,
  operation: Launching,
  server: string,
): Promise<PointServer | undefined> {
  return catalogue.pointServer(operation.plan, pointOfServer(operation, server), server);
}

/** Every captured server that an operation launches and does not leave out, by name; none of a point that is gone, and none without an operation. */
export async function imagesOf(
  { catalogue }: Services,
  operation: Launching | undefined,
): Promise<Map<string, PointServer>> {
  const images = new Map<string, PointServer>();
  if (operation === undefined) return images;
  const { leftOut = {} } = operation;
  for (const id of pointsOf(operation)) {
    const servers: RecoveryPoint['servers'] = (await catalogue.point(operation.plan, id))?.servers ?? {};
    for (const [server, image] of Object.entries(servers))
      if (pointOfServer(operation, server) === id && !isMissing({ leftOut }, server)) images.set(server, image);
  }
  return images;
}
