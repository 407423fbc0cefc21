import { entry } from '../../lib/steps/entry.ts';
import { replicateSchema } from '../../lib/steps/protect/look.ts';
import { replicate } from '../../lib/steps/protect/replicate.ts';

export const handler = entry('protect/replicate', replicateSchema, replicate);
