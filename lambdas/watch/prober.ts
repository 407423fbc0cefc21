import { entry } from '../../lib/steps/entry.ts';
import { askFromOutside, proberInputSchema } from '../../lib/steps/watch/prober.ts';

export const handler = entry('watch/prober', proberInputSchema, askFromOutside);
