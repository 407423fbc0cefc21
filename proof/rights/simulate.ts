import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Statement } from './policies.ts';
import type { RightsRecord } from './record.ts';
import type { RoleRequest } from './request.ts';

/** A request that AWS would refuse, or that cannot be one. */
export interface Refusal {
  /** What the role is for. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  /** `ImplicitlyDenied`, or what is wrong with the request itself. */
  readonly reason: string;
}

/** Keys of KMS leave it to IAM, as the default key policy does. @source KMS guide, default key policy */
const keyPolicy = (account: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
});

/**
 * Why AWS would refuse the request under these statements, or `undefined` where it allows it. An action, a type of resource or a
 * condition key that AWS's service authorization reference does not know for this request is a reason too.
 */
export async function whyRefused(
  { role, action, resource, context }: RoleRequest,
  statements: readonly Statement[],
): Promise<string | undefined> {
  const account = '123456789012';
  const contextVariables = Object.fromEntries(
    Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
  );
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/${role}`,
        action,
        resource: { resource, accountId: account },
        contextVariables,
      },
      identityPolicies: [{ name: role, policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') ? { resourcePolicy: keyPolicy(account) } : {}),
    },
    {},
  );
  if (answer.resultType === 'error') return `is no request that AWS knows: ${JSON.stringify(answer.errors)}`;
  const ignored = answer.resultType === 'single' ? (answer.result.ignoredContextKeys ?? []) : [];
  if (ignored.length > 0) return `has no condition key ${ignored.join(', ')}`;
  return answer.overallResult === 'Allowed' ? undefined : answer.overallResult;
}

/** Answers so far, by the role's statements and the request: the same stack in another rehearsal asks much the same. */
const known = new Map<string, Map<string, string | undefined>>();

/** All requests that would be refused; of several of one role, action and type of resource, the first. */
export async function refusals({
  requests,
  policies,
}: Pick<RightsRecord, 'requests' | 'policies'>): Promise<Refusal[]> {
  const found = new Map<string, Refusal>();
  const asked = Map.groupBy(requests, ({ role }) => role);
  for (const [role, ofRole] of asked) {
    const { title = role, statements = [] } = policies.get(role) ?? {};
    const text = JSON.stringify(statements);
    const answers = known.get(text) ?? new Map<string, string | undefined>();
    known.set(text, answers);
    for (const request of ofRole) {
      const key = JSON.stringify(request);
      if (!answers.has(key)) answers.set(key, await whyRefused(request, statements));
      const reason = answers.get(key);
      const { action, resource } = request;
      const kind = [title, action, resource.split(':')[5]?.split('/')[0], reason].join(' ');
      if (reason !== undefined && !found.has(kind)) found.set(kind, { role: title, action, resource, reason });
    }
  }
  return [...found.values()];
}

/** Every call that no right allows, or whose rights nobody has thought about, in words; none when all is well. */
export async function unallowed(record: RightsRecord): Promise<string[]> {
  const refused = await refusals(record);
  return [
    ...record.unmapped,
    ...refused.map(({ role, action, resource, reason }) => `${role} may not ${action} on ${resource}: ${reason}`),
  ];
}
