import { entry } from '../../lib/steps/entry.ts';
import { clear } from '../../lib/steps/failover/clear.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failover/clear', undoSchema, clear);
