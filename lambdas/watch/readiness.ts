import { entry } from '../../lib/steps/entry.ts';
import { lookWhetherReady, readinessInputSchema } from '../../lib/steps/watch/readiness.ts';

export const handler = entry('watch/readiness', readinessInputSchema, lookWhetherReady);
