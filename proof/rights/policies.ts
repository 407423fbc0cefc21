import type { SimulatedCloud } from '../../sim/create-cloud.ts';

/** One statement of a policy, with its one-or-many members as lists. */
export interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A role as it was deployed. */
export interface RolePolicies {
  /** What it is for: its description where it has one (`Homeward failover/launch`), else the name it has in the template. */
  readonly title: string;
  readonly statements: readonly Statement[];
  /** ARNs of policies that AWS maintains; what they say is not in the template. */
  readonly ofAws: readonly string[];
}

type Written = Omit<Statement, 'Action' | 'Resource'> & {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
};

/** Policies of every role in every stack of the cloud, by the role's name, with all references resolved. */
export function deployedPolicies(cloud: SimulatedCloud): ReadonlyMap<string, RolePolicies> {
  const resources = cloud.regions
    .flatMap((region) => [...cloud.services(region).cloudformation.stacks.values()])
    .flatMap((stack) => stack.resources);
  const roles = new Map<string, { title: string; statements: Statement[]; ofAws: string[] }>();
  for (const { type, physicalId, logicalId, properties } of resources) {
    if (type !== 'AWS::IAM::Role') continue;
    const {
      Description,
      Policies = [],
      ManagedPolicyArns = [],
    } = properties as {
      Description?: string;
      Policies?: { PolicyDocument: unknown }[];
      ManagedPolicyArns?: string[];
    };
    roles.set(physicalId, {
      title: Description?.replace(/^Homeward /, '') ?? logicalId.replace(/[0-9A-F]{8}$/, ''),
      statements: Policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
      ofAws: [...ManagedPolicyArns],
    });
  }
  for (const { type, properties } of resources) {
    if (type !== 'AWS::IAM::Policy' && type !== 'AWS::IAM::ManagedPolicy') continue;
    for (const role of (properties['Roles'] ?? []) as string[])
      roles.get(role)?.statements.push(...statementsOf(properties['PolicyDocument']));
  }
  return roles;
}

function statementsOf(document: unknown): Statement[] {
  const { Statement: written } = document as { Statement: readonly Written[] };
  return written.map(({ Action, Resource, ...rest }) => ({
    ...rest,
    Action: [Action].flat(),
    Resource: [Resource].flat(),
  }));
}
