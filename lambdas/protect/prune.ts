import { entry } from '../../lib/steps/entry.ts';
import { prune } from '../../lib/steps/protect/prune.ts';
import { replicateSchema } from '../../lib/steps/protect/look.ts';

export const handler = entry('protect/prune', replicateSchema, prune);
