import { unfencedWarnings } from './fence.ts';
import type { Plan } from './plan.ts';
import { hasChanges } from './traffic.ts';

/** What is allowed and may yet hurt on the day, by a word for each. @source aws-facts [4.3] */
export function warningsOf(plan: Plan): Readonly<Record<string, string>> {
  const isControlPlaneLost = plan.primary.region === 'us-east-1' && hasChanges(plan);
  const [unfenced] = unfencedWarnings(plan);
  return {
    ...(isControlPlaneLost
      ? {
          'control-plane':
            'Route 53 is changed through us-east-1. While that Region is lost, records cannot be switched, and a failover of this plan waits for it. A failover pair of records (traffic: failover) is moved without it.',
        }
      : {}),
    ...(unfenced === undefined ? {} : { unfenced }),
  };
}
