import { z } from 'zod';
import { contextSchema, type Services } from '../services.ts';

export const abortSchema = contextSchema.extend({ point: z.string() });

/**
 * Marks the point of a broken operation as failed. Its snapshots stay accounted for by the point's item, until the
 * prune of the next operation deletes them: the Region that holds them may not answer now.
 */
export async function abort(services: Services, input: z.infer<typeof abortSchema>): Promise<{ point: string }> {
  const point = await services.catalogue.pointHeader(input.plan, input.point);
  if (point?.status === 'capturing')
    await services.catalogue.updatePoint(input.plan, input.point, { status: 'failed' });
  return { point: input.point };
}
