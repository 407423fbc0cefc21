import type * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { Context, Services } from '../services.ts';

/** A resource that was created a moment ago may not be seen yet; after this long it is. @source aws-facts [7.4] */
export const visibleWithinSeconds = 60;

export interface Creation<Made> {
  /** What the catalogue may have kept of it. */
  readonly made: z.ZodType<Made>;
  /**
   * Looks for what an earlier call created, by its tags. Until `isVisible` AWS may show nothing of it yet, or a part.
   * @throws Failure AwsNotYetConsistent when it sees a part that must grow
   */
  find(isVisible: boolean): Promise<Made | undefined>;
  make(): Promise<Made>;
}

/**
 * Creates something for which AWS has no token, once per step however often the step runs (I7). The catalogue notes the intent
 * before the call and the result after it. Where only the intent is known, the answer was lost: what was created is looked for,
 * and created again only when it would be visible by now. @source aws-facts [1.10]
 * @throws Failure AwsNotYetConsistent while that cannot be told
 */
export async function createOnce<Made>(
  services: Services,
  { operation }: Context,
  step: string,
  creation: Creation<Made>,
): Promise<Made> {
  const { catalogue } = services;
  const known = await catalogue.creation(operation, step, creation.made);
  if (known?.made !== undefined) return known.made;
  if (known !== undefined) {
    const isVisible = services.now().getTime() - Date.parse(known.requestedAt) >= visibleWithinSeconds * 1_000;
    const found = await creation.find(isVisible);
    if (found !== undefined) return keep(services, operation, step, found);
    if (!isVisible) throw notKnownYet(step);
  }
  if (!(await catalogue.claimCreation(operation, step, services.now(), known?.requestedAt))) throw notKnownYet(step);
  try {
    return await keep(services, operation, step, await creation.make());
  } catch (error) {
    const isRefusal =
      error instanceof Failure && error.code !== 'AwsUnavailable' && error.code !== 'CatalogueUnavailable';
    if (isRefusal) await catalogue.removeCreation(operation, step);
    throw error;
  }
}

/** The answer was lost, or another run of the step asks at this moment. */
export function notKnownYet(step: string): Failure {
  return new Failure('AwsNotYetConsistent', `${step} was asked for already; what it created is looked for again.`);
}

async function keep<Made>(services: Services, operation: string, step: string, made: Made): Promise<Made> {
  await services.catalogue.updateCreation(operation, step, { made });
  return made;
}
