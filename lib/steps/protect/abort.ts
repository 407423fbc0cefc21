import * as z from 'zod';
import { contextSchema, type Services } from '../services.ts';

export const abortSchema = contextSchema.extend({ point: z.string() });

/**
 * Marks the point of a broken operation as failed. A prune deletes its snapshots: the one that follows,
 * or that of the next operation where the Region that holds them does not answer now. Until then the point's item accounts for them.
 */
export async function abort(services: Services, input: z.infer<typeof abortSchema>): Promise<{ failed: string[] }> {
  const point = await services.catalogue.pointHeader(input.plan, input.point);
  if (point?.status === 'capturing')
    await services.catalogue.updatePoint(input.plan, input.point, { status: 'failed' });
  return { failed: point?.status === 'capturing' || point?.status === 'failed' ? [point.id] : [] };
}
