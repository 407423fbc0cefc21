import { entry } from '../../lib/steps/entry.ts';
import { seal, sealSchema } from '../../lib/steps/protect/seal.ts';

export const handler = entry('protect/seal', sealSchema, seal);
