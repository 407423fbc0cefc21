import type { RolePolicies, Statement } from './policies.ts';
import type { RoleRequest } from './request.ts';
import { whyRefused } from './simulate.ts';

/** A policy with one thing made wrong, and whether a recorded request met it. */
export interface Canary {
  /** What is for what: the role's title, the action, and what was made wrong. */
  readonly name: string;
  readonly isCaught: boolean;
}

interface Mutant {
  readonly name: string;
  readonly action: string;
  readonly statements: readonly Statement[];
}

/**
 * A state that invokes a function is granted its versions as well by the CDK, which nothing invokes. The only resources that may
 * lead elsewhere unnoticed.
 */
export function isUnversioned({ name }: Canary): boolean {
  return /MachineRole lambda:InvokeFunction on another resource than \S+:function:\S+:\*$/.test(name);
}

/** For every action that a role was granted and used: the same policies without it. */
export function withoutAction(
  policies: ReadonlyMap<string, RolePolicies>,
  requests: readonly RoleRequest[],
): Promise<Canary[]> {
  return release(policies, requests, ({ statements }, action) => [
    { name: 'is missing', action, statements: statements.map((statement) => without(statement, action)) },
  ]);
}

/**
 * For every statement behind an action that was used, one policy for each of its resources that leads elsewhere, and one for each
 * of its conditions that wants something else.
 * @param isMeant of which statements; left out: of all
 */
export function withOneWrong(
  policies: ReadonlyMap<string, RolePolicies>,
  requests: readonly RoleRequest[],
  isMeant: (statement: Statement) => boolean = () => true,
): Promise<Canary[]> {
  return release(policies, requests, ({ statements }, action) =>
    statements.flatMap((statement, index) =>
      (isMeant(statement) ? wrongOnes(statement, action) : []).map(({ name, wrong }) => ({
        name,
        action,
        statements: statements.toSpliced(index, 1, without(statement, action), wrong),
      })),
    ),
  );
}

async function release(
  policies: ReadonlyMap<string, RolePolicies>,
  requests: readonly RoleRequest[],
  mutantsOf: (role: RolePolicies, action: string) => Mutant[],
): Promise<Canary[]> {
  const canaries: Canary[] = [];
  for (const [role, deployed] of policies) {
    const asked = Map.groupBy(
      requests.filter((request) => request.role === role),
      ({ action }) => action,
    );
    const granted = new Set(deployed.statements.flatMap(({ Action }) => Action));
    for (const [action, ofAction] of asked) {
      if (!granted.has(action)) continue;
      for (const { name, statements } of mutantsOf(deployed, action))
        canaries.push({
          name: `${deployed.title} ${action} ${name}`,
          isCaught: await isMet(ofAction, statements),
        });
    }
  }
  return canaries;
}

async function isMet(requests: readonly RoleRequest[], statements: readonly Statement[]): Promise<boolean> {
  for (const request of requests) if ((await whyRefused(request, statements)) !== undefined) return true;
  return false;
}

function without(statement: Statement, action: string): Statement {
  const left = statement.Action.filter((each) => each !== action);
  // A policy may not have a statement without actions: this one is of no use to anybody.
  return { ...statement, Action: left.length > 0 ? left : ['none:None'] };
}

/** A value that no request meets. */
function unfitting(operator: string): string {
  if (operator === 'Bool') return 'false';
  return operator.includes('Not') ? '*' : 'arn:aws:none:::none';
}

/** The statement for one action alone, with one resource or one condition that does not fit. */
function wrongOnes(statement: Statement, action: string): { name: string; wrong: Statement }[] {
  if (!statement.Action.includes(action)) return [];
  const alone = { ...statement, Action: [action] };
  const resources = alone.Resource.map((resource, index) => ({
    name: `on another resource than ${resource}`,
    wrong: { ...alone, Resource: alone.Resource.toSpliced(index, 1, 'arn:aws:none:::none') },
  }));
  const conditions = Object.entries(alone.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.keys(keys).map((key) => ({
      name: `with another ${key}`,
      wrong: {
        ...alone,
        Condition: {
          ...alone.Condition,
          [operator]: { ...keys, [key]: unfitting(operator) },
        },
      },
    })),
  );
  return [...resources, ...conditions];
}
