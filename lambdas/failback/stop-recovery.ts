import { entry } from '../../lib/steps/entry.ts';
import { stopRecovery, stopRecoverySchema } from '../../lib/steps/failback/stop-recovery.ts';

export const handler = entry('failback/stop-recovery', stopRecoverySchema, stopRecovery);
