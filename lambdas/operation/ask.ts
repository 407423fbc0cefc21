import { entry } from '../../lib/steps/entry.ts';
import { ask, askSchema } from '../../lib/steps/operation/ask.ts';

export const handler = entry('operation/ask', askSchema, ask);
