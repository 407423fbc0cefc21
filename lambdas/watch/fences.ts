import { entry } from '../../lib/steps/entry.ts';
import { fencesSchema, payOwed } from '../../lib/steps/watch/fences.ts';

export const handler = entry('watch/fences', fencesSchema, payOwed);
