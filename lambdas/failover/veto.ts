import { entry } from '../../lib/steps/entry.ts';
import { veto, vetoSchema } from '../../lib/steps/failover/veto.ts';

export const handler = entry('failover/veto', vetoSchema, veto);
