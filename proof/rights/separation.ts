import type { RolePolicies } from './policies.ts';

/** Rights that no two of may meet in one role: whoever takes over one function cannot both move traffic and end what served. */
const kinds: Readonly<Record<string, RegExp>> = {
  delete: /^ec2:(Delete|Terminate|Deregister)(?!Tags)/,
  launch: /^ec2:RunInstances$/,
  'move blocks': /^ebs:/,
  'switch traffic': /^(route53:ChangeResourceRecordSets|route53-recovery-cluster:UpdateRoutingControlStates)$/,
};

/** Roles in which such rights meet, as `role: delete, launch`. Wildcards in actions count as all they match. */
export function meetings(policies: ReadonlyMap<string, RolePolicies>): string[] {
  return [...policies.values()].flatMap(({ title, statements }) => {
    const actions = statements.flatMap(({ Action }) => Action);
    const held = Object.entries(kinds).filter(([, kind]) => actions.some((action) => kind.test(action)));
    const hasWildcard = actions.some((action) => action.includes('*'));
    return held.length > 1 || hasWildcard ? [`${title}: ${held.map(([name]) => name).join(', ')}`] : [];
  });
}
