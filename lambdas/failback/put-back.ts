import { entry } from '../../lib/steps/entry.ts';
import { putBack, putBackSchema } from '../../lib/steps/failback/put-back.ts';

export const handler = entry('failback/put-back', putBackSchema, putBack);
