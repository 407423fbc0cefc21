import { entry } from '../../lib/steps/entry.ts';
import { accept } from '../../lib/steps/failback/accept.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failback/accept', undoSchema, accept);
