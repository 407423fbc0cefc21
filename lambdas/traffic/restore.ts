import { entry } from '../../lib/steps/entry.ts';
import { restore, restoreSchema } from '../../lib/steps/traffic/restore.ts';

export const handler = entry('traffic/restore', restoreSchema, restore);
