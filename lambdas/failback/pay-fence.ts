import { entry } from '../../lib/steps/entry.ts';
import { payFence, payFenceSchema } from '../../lib/steps/failback/pay-fence.ts';

export const handler = entry('failback/pay-fence', payFenceSchema, payFence);
