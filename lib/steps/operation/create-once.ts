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
  /** Asks AWS, as its last act: where this is refused, nothing was created. */
  make(): Promise<Made>;
  /** Tells what was created, before it is noted as such; may run twice. */
  tell?(made: Made): Promise<void>;
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
    if (found !== undefined) return keep(services, operation, { step, creation }, found);
    if (!isVisible) throw notKnownYet(step);
  }
  if (!(await catalogue.claimCreation(operation, step, services.now(), known?.requestedAt))) throw notKnownYet(step);
  return keep(services, operation, { step, creation }, await makeOrForget(services, operation, { step, creation }));
}

interface Making<Made> {
  readonly step: string;
  readonly creation: Creation<Made>;
}

/** What AWS refused is not looked for. */
async function makeOrForget<Made>(
  { catalogue }: Services,
  operation: string,
  { step, creation }: Making<Made>,
): Promise<Made> {
  try {
    return await creation.make();
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

/** Where the catalogue refuses, the intent stays, by which a repeat finds what was created. */
async function keep<Made>(
  { catalogue }: Services,
  operation: string,
  { step, creation }: Making<Made>,
  made: Made,
): Promise<Made> {
  await creation.tell?.(made);
  await catalogue.updateCreation(operation, step, { made });
  return made;
}
