import * as z from 'zod';
import { operationIdSchema, volumeKeySchema } from './ids.ts';
import { transferMethodSchema } from './replication-record.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative().default(0);
/** Requests of the direct APIs, and what they take and cost with the transfer. Estimates of earlier versions have not all of them. */
const workFields = {
  gets: count.default(0),
  puts: count.default(0),
  lists: count.default(0),
  minutes: amount,
  dollars: amount,
};

/** What a failback would move, take and cost, as it stands beside its operation. */
export const estimateSchema = z
  .object({
    volumes: z
      .array(
        z
          .object({
            volume: volumeKeySchema,
            changedBlocks: count,
            gib: z.number().nonnegative(),
            /** By anything but a delta all blocks count. Estimates of earlier versions do not say it. */
            method: transferMethodSchema.default('delta'),
            /** Why AWS has to copy everything. */
            lost: z.string().exactOptional(),
            ...workFields,
          })
          .readonly(),
      )
      .readonly(),
    changedBlocks: count,
    gib: z.number().nonnegative(),
    ...workFields,
    /** Of the dollars, and of each month in which the snapshots are kept in both Regions. */
    transferDollars: amount,
    storageDollarsPerMonth: amount,
    pauseSeconds: z.number().nonnegative(),
    /** What the pause is made of; `measuredBy`: the operation that took so long for it. */
    pause: z
      .array(z.object({ phase: z.string(), seconds: amount, measuredBy: operationIdSchema.nullable() }).readonly())
      .readonly()
      .default([]),
  })
  .readonly();
export type FailbackEstimate = z.output<typeof estimateSchema>;
