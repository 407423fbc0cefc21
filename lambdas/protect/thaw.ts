import { entry } from '../../lib/steps/entry.ts';
import { thaw, thawSchema } from '../../lib/steps/protect/thaw.ts';

export const handler = entry('protect/thaw', thawSchema, thaw);
