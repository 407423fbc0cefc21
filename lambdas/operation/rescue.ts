import { entry } from '../../lib/steps/entry.ts';
import { rescue, rescueSchema } from '../../lib/steps/operation/rescue.ts';

export const handler = entry('operation/rescue', rescueSchema, rescue);
