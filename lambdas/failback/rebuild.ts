import { entry } from '../../lib/steps/entry.ts';
import { rebuild } from '../../lib/steps/failback/rebuild.ts';
import { serverSchema } from '../../lib/steps/failover/launch.ts';

export const handler = entry('failback/rebuild', serverSchema, rebuild);
