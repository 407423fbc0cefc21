import { entry } from '../../lib/steps/entry.ts';
import { capture, captureSchema } from '../../lib/steps/protect/capture.ts';

export const handler = entry('protect/capture', captureSchema, capture);
