import { entry } from '../../lib/steps/entry.ts';
import { freeze, freezeStepSchema } from '../../lib/steps/protect/freeze.ts';

export const handler = entry('protect/freeze', freezeStepSchema, freeze);
