import type { DescribeStacksInput, DescribeStacksOutput } from '@aws-sdk/client-cloudformation';
import { AwsError, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import type { Properties } from './resource-type.ts';

declare module '../cloud.ts' {
  interface Services {
    cloudformation: CloudFormation;
  }
}

export { deployAssembly } from './deploy.ts';

/** A resource as it was deployed; recorded ones (roles, policies, keys) live only here. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** With every reference resolved. */
  readonly properties: Properties;
}

export interface DeployedStack {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly resources: readonly DeployedResource[];
  readonly outputs: readonly { readonly key: string; readonly value: string; readonly description?: string }[];
}

/** The simulated CloudFormation of one Region: the stacks that were deployed into it. */
export class CloudFormation implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly stacks = new Map<string, DeployedStack>();

  constructor(_surroundings: Surroundings) {
    this.operations = {
      DescribeStacks: operation<DescribeStacksInput, DescribeStacksOutput>(['StackName'], ({ StackName }) => ({
        Stacks: this.#chosen(StackName).map(asStack),
      })),
    };
  }

  #chosen(nameOrId: string | undefined): DeployedStack[] {
    const all = [...this.stacks.values()];
    if (nameOrId === undefined) return all;
    const found = all.filter((stack) => stack.name === nameOrId || stack.id === nameOrId);
    if (found.length === 0) throw new AwsError('ValidationError', `Stack with id ${nameOrId} does not exist`);
    return found;
  }
}

function asStack(stack: DeployedStack) {
  return {
    StackId: stack.id,
    StackName: stack.name,
    CreationTime: new Date(stack.createdAt),
    StackStatus: 'CREATE_COMPLETE' as const,
    Outputs: stack.outputs.map(({ key, value, description }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description === undefined ? {} : { Description: description }),
    })),
  };
}
