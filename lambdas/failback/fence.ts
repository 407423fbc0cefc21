import { entry } from '../../lib/steps/entry.ts';
import { fence, fenceSchema } from '../../lib/steps/failback/fence.ts';

export const handler = entry('failback/fence', fenceSchema, fence);
