import { entry } from '../../lib/steps/entry.ts';
import { captureSchema } from '../../lib/steps/protect/capture.ts';
import { describe } from '../../lib/steps/protect/describe.ts';

export const handler = entry('protect/describe', captureSchema, describe);
