import { entry } from '../../lib/steps/entry.ts';
import { complete, completeSchema } from '../../lib/steps/transfer/complete.ts';

export const handler = entry('transfer/complete', completeSchema, complete);
