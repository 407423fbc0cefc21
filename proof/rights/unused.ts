import type { RolePolicies } from './policies.ts';
import type { Reason } from './reasons.ts';
import type { RoleRequest } from './request.ts';

/** An action that a role may do. */
export interface Grant {
  /** What the role is for. */
  readonly role: string;
  readonly action: string;
}

/** Every action of every role, each once, in order. Policies that AWS maintains count as one action: their ARN. */
export function grants(policies: ReadonlyMap<string, RolePolicies>): Grant[] {
  const found = [...policies.values()].flatMap(({ title, statements, ofAws }) =>
    [...statements.flatMap(({ Action }) => Action), ...ofAws].map((action) => `${title} ${action}`),
  );
  return [...new Set(found)].toSorted().map(split);
}

/** Grants that no request needed. */
export function unusedGrants(policies: ReadonlyMap<string, RolePolicies>, requests: readonly RoleRequest[]): Grant[] {
  const used = new Set(requests.map(({ role, action }) => `${policies.get(role)?.title} ${action}`.toLowerCase()));
  return grants(policies).filter(({ role, action }) => !used.has(`${role} ${action}`.toLowerCase()));
}

/** Unused grants without a reason, and reasons that no unused grant needs any more. */
export function unreasoned(
  unused: readonly Grant[],
  reasons: readonly Reason[],
): { readonly grants: string[]; readonly reasons: string[] } {
  return {
    grants: unused
      .filter((grant) => !reasons.some((reason) => covers(reason, grant)))
      .map(({ role, action }) => `${role} ${action}`),
    reasons: reasons
      .flatMap(single)
      .filter((reason) => !unused.some((grant) => covers(reason, grant)))
      .map(({ roles, actions }) => `${String(roles)} ${actions[0] ?? ''}`),
  };
}

/** A reason for each of its actions, and for each role that it lists. */
function single(reason: Reason): Reason[] {
  const { roles } = reason;
  const each = roles instanceof RegExp ? [roles] : roles.map((role) => [role]);
  return each.flatMap((some) => reason.actions.map((action) => ({ ...reason, roles: some, actions: [action] })));
}

function covers({ roles, actions }: Reason, { role, action }: Grant): boolean {
  const isMeant = roles instanceof RegExp ? roles.test(role) : roles.includes(role);
  return isMeant && actions.includes(action);
}

function split(grant: string): Grant {
  const at = grant.lastIndexOf(' ');
  return { role: grant.slice(0, at), action: grant.slice(at + 1) };
}
