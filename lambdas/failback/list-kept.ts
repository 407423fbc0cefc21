import { entry } from '../../lib/steps/entry.ts';
import { listKept } from '../../lib/steps/failback/list-kept.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('failback/list-kept', contextSchema, listKept);
