import { entry } from '../../lib/steps/entry.ts';
import { start } from '../../lib/steps/failback/start.ts';
import { serverSchema } from '../../lib/steps/failover/launch.ts';

export const handler = entry('failback/start', serverSchema, start);
