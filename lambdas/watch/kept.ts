import { entry } from '../../lib/steps/entry.ts';
import { acceptDue, keptWatchSchema } from '../../lib/steps/watch/kept.ts';

export const handler = entry('watch/kept', keptWatchSchema, acceptDue);
