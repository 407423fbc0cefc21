import { entry } from '../../lib/steps/entry.ts';
import { open } from '../../lib/steps/failback/open.ts';
import { openSchema } from '../../lib/steps/operation/open.ts';

export const handler = entry('failback/open', openSchema, open);
