import { entry } from '../../lib/steps/entry.ts';
import { prune, pruneSchema } from '../../lib/steps/protect/prune.ts';

export const handler = entry('protect/prune', pruneSchema, prune);
