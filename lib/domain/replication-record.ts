import * as z from 'zod';

export const methodSchema = z.enum(['native-incremental', 'native-full', 'delta', 'compare']);
export type ReplicationMethod = z.output<typeof methodSchema>;

/** How Homeward itself moves blocks: those that AWS lists as changed, or those that differ when both sides are read. */
export const blockMethodSchema = methodSchema.extract(['delta', 'compare']);
export type BlockMethod = z.output<typeof blockMethodSchema>;

/** How a volume gets from one Region to the other in a transfer of ours: by blocks, or, with nothing to build on, as a whole by AWS. */
export const transferMethodSchema = methodSchema.exclude(['native-incremental']);
export type TransferMethod = z.output<typeof transferMethodSchema>;

export function isByBlocks(method: ReplicationMethod | null): method is BlockMethod {
  return method === 'delta' || method === 'compare';
}

const amount = z.number().nonnegative();

const estimateSchema = z.object({ bytes: amount, seconds: amount, dollars: amount }).readonly();
/** What a way of replicating moves, takes and costs, before it is known. */
export type ReplicationEstimate = z.output<typeof estimateSchema>;

/** How an image of a volume gets to the recovery Region: what was decided, what that was taken to need, and what it took. */
export const replicationMembers = {
  method: methodSchema.nullable(),
  estimated: estimateSchema.exactOptional(),
  /** Of a native copy AWS tells no bytes. @source aws-facts [1.2] */
  measured: z.object({ bytes: amount.exactOptional(), seconds: amount }).readonly().exactOptional(),
  /** Minutes within which AWS was asked to complete the copy, for money. */
  withinMinutes: z.int().positive().exactOptional(),
};
