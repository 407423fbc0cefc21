import { entry } from '../../lib/steps/entry.ts';
import { replicate, replicateSchema } from '../../lib/steps/protect/replicate.ts';

export const handler = entry('protect/replicate', replicateSchema, replicate);
