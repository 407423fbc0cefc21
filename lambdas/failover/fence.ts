import { entry } from '../../lib/steps/entry.ts';
import { fence, fenceSchema } from '../../lib/steps/failover/fence.ts';

export const handler = entry('failover/fence', fenceSchema, fence);
