import { entry } from '../../lib/steps/entry.ts';
import { preflight } from '../../lib/steps/failover/preflight.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('failover/preflight', contextSchema, preflight);
