import { entry } from '../../lib/steps/entry.ts';
import { safeguard } from '../../lib/steps/failover/safeguard.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('failover/safeguard', contextSchema, safeguard);
