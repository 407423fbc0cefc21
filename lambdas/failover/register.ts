import { entry } from '../../lib/steps/entry.ts';
import { register } from '../../lib/steps/failover/register.ts';
import { bringUpSchema } from '../../lib/steps/waves/bring-up.ts';

export const handler = entry('failover/register', bringUpSchema, register);
