import { entry } from '../../lib/steps/entry.ts';
import { abort, abortSchema } from '../../lib/steps/protect/abort.ts';

export const handler = entry('protect/abort', abortSchema, abort);
