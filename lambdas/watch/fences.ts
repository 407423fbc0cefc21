import { entry } from '../../lib/steps/entry.ts';
import { fencesSchema, payOwedFences } from '../../lib/steps/watch/fences.ts';

export const handler = entry('watch/fences', fencesSchema, payOwedFences);
