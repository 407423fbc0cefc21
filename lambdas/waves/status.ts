import { entry } from '../../lib/steps/entry.ts';
import { status, statusSchema } from '../../lib/steps/waves/status.ts';

export const handler = entry('waves/status', statusSchema, status);
