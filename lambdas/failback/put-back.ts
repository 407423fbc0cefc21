import { entry } from '../../lib/steps/entry.ts';
import { putBack } from '../../lib/steps/failback/put-back.ts';
import { undoSchema } from '../../lib/steps/failover/undo.ts';

export const handler = entry('failback/put-back', undoSchema, putBack);
