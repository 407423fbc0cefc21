import { entry } from '../../lib/steps/entry.ts';
import { sweep } from '../../lib/steps/failback/sweep.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failback/sweep', undoSchema, sweep);
