import type { Stage } from '../../rehearsal/stage.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
}

/** Actions that the deployed policies allow each role, by the role's name. Resources and conditions are not looked at. */
function grantedActions(stage: Stage): ReadonlyMap<string, ReadonlySet<string>> {
  const granted = new Map<string, Set<string>>();
  const { stacks } = stage.cloud.services(stage.plan.recovery.region).cloudformation;
  for (const { type, properties } of [...stacks.values()].flatMap(({ resources }) => resources)) {
    if (type !== 'AWS::IAM::Policy') continue;
    const { Statement } = properties['PolicyDocument'] as { Statement: readonly Statement[] };
    const actions = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    for (const role of properties['Roles'] as readonly string[])
      granted.set(role, new Set([...(granted.get(role) ?? []), ...actions]));
  }
  return granted;
}

/** Names in policies where they differ from those of the endpoint and the operation. */
const prefixOf: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };
const actionOf: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' };

/** Calls of the deployed functions that no policy of their role allows, as `role action`. */
export function callsWithoutRight(stage: Stage): string[] {
  const granted = grantedActions(stage);
  const refused = stage.cloud.record.calls.flatMap(({ service, operation, role }) => {
    if (role === undefined) return [];
    const name = role.split('/').at(-1) ?? '';
    const called = `${prefixOf[service] ?? service}:${operation}`;
    const action = actionOf[called] ?? called;
    return granted.get(name)?.has(action) === true ? [] : [`${name} ${action}`];
  });
  return [...new Set(refused)].toSorted();
}
