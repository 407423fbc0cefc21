import { entry } from '../../lib/steps/entry.ts';
import { open } from '../../lib/steps/protect/open.ts';
import { openSchema } from '../../lib/steps/operation/open.ts';

export const handler = entry('protect/open', openSchema, open);
