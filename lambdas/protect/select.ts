import { entry } from '../../lib/steps/entry.ts';
import { abortSchema } from '../../lib/steps/protect/abort.ts';
import { select } from '../../lib/steps/protect/select.ts';

export const handler = entry('protect/select', abortSchema, select);
