import { entry } from '../../lib/steps/entry.ts';
import { launch } from '../../lib/steps/failover/launch.ts';
import { bringUpSchema } from '../../lib/steps/waves/bring-up.ts';

export const handler = entry('failover/launch', bringUpSchema, launch);
