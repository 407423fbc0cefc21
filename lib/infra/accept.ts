import { Token, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts the wildcard resources of one role beside it, with the reason. @source cdk-nag AwsSolutions-IAM5 */
export function accept(construct: IConstruct, resources: readonly string[], reason: string): void {
  for (const resource of resources) {
    Validations.of(construct).acknowledge({ id: `AwsSolutions-IAM5[Resource::${readable(resource)}]`, reason });
  }
}

/** A token as cdk-nag prints it. */
export function readable(resource: string): string {
  return Token.isUnresolved(resource) ? resource.replaceAll(/\$\{Token\[AWS\.(\w+)\.\d+\]\}/g, '<AWS::$1>') : resource;
}
