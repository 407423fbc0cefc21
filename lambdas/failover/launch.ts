import { entry } from '../../lib/steps/entry.ts';
import { launch, serverSchema } from '../../lib/steps/failover/launch.ts';

export const handler = entry('failover/launch', serverSchema, launch);
