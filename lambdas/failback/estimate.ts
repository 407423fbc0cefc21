import { entry } from '../../lib/steps/entry.ts';
import { estimate, estimateSchema } from '../../lib/steps/failback/estimate.ts';

export const handler = entry('failback/estimate', estimateSchema, estimate);
