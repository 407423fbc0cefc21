import { entry } from '../../lib/steps/entry.ts';
import { health, healthSchema } from '../../lib/steps/waves/health.ts';

export const handler = entry('waves/health', healthSchema, health);
