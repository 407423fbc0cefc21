import { entry } from '../../lib/steps/entry.ts';
import { undo, undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failover/undo', undoSchema, undo);
