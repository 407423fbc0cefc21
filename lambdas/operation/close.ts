import { entry } from '../../lib/steps/entry.ts';
import { close, closeSchema } from '../../lib/steps/operation/close.ts';

export const handler = entry('operation/close', closeSchema, close);
