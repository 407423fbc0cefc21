import { entry } from '../../lib/steps/entry.ts';
import { undo } from '../../lib/steps/failback/undo.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failback/undo', undoSchema, undo);
