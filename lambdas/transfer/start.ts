import { entry } from '../../lib/steps/entry.ts';
import { start } from '../../lib/steps/transfer/start.ts';
import { transferItemSchema } from '../../lib/steps/transfer/transfer.ts';

export const handler = entry('transfer/start', transferItemSchema, start);
