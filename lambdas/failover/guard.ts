import { entry } from '../../lib/steps/entry.ts';
import { alarmEventSchema, guard } from '../../lib/steps/failover/guard.ts';

export const handler = entry('failover/guard', alarmEventSchema, guard);
