import { entry } from '../../lib/steps/entry.ts';
import { start } from '../../lib/steps/failback/start.ts';
import { bringUpSchema } from '../../lib/steps/waves/bring-up.ts';

export const handler = entry('failback/start', bringUpSchema, start);
