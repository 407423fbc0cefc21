import { takeDown } from '../../lib/steps/drill/take-down.ts';
import { entry } from '../../lib/steps/entry.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('drill/take-down', undoSchema, takeDown);
