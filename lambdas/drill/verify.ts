import { verify } from '../../lib/steps/drill/verify.ts';
import { entry } from '../../lib/steps/entry.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('drill/verify', contextSchema, verify);
