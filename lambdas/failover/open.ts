import { entry } from '../../lib/steps/entry.ts';
import { open } from '../../lib/steps/failover/open.ts';
import { openSchema } from '../../lib/steps/operation/open.ts';

export const handler = entry('failover/open', openSchema, open);
