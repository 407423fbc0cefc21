import { entry } from '../../lib/steps/entry.ts';
import { rebuild, rebuildSchema } from '../../lib/steps/failback/rebuild.ts';

export const handler = entry('failback/rebuild', rebuildSchema, rebuild);
