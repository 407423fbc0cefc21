import { entry } from '../../lib/steps/entry.ts';
import { guard, guardInputSchema } from '../../lib/steps/failover/guard.ts';

export const handler = entry('failover/guard', guardInputSchema, guard);
