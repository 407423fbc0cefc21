import * as z from 'zod';
import type { VolumeKey } from '../../domain/catalogue.ts';
import { contextSchema } from '../services.ts';

const sideSchema = z.object({ region: z.string(), base: z.string() });

/**
 * One volume's delta: the blocks by which `near.snapshot` differs from `near.base` are written onto `far.base`, which has the
 * same content as `near.base`; the result has the same content as `near.snapshot`. The direction does not matter. `isCopied`: nothing can be
 * built on the bases, and AWS copies all of it.
 */
export const transferSchema = z.object({
  id: z.string(),
  volume: z.string().transform((key) => key as VolumeKey),
  near: sideSchema.extend({ snapshot: z.string() }),
  far: sideSchema,
  sizeGib: z.number().int(),
  isCopied: z.literal(true).optional(),
  purpose: z.string(),
  point: z.string().optional(),
});
export type Transfer = z.infer<typeof transferSchema>;

export const transferItemSchema = contextSchema.extend({ transfer: transferSchema });
export type TransferItem = z.infer<typeof transferItemSchema>;
