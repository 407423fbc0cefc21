import type { Cloud } from '../cloud.ts';
import type { Created } from './intrinsics.ts';

/** Resolved properties of a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** Where a resource is created. */
export interface Site {
  readonly cloud: Cloud;
  readonly region: string;
  readonly account: string;
  readonly stackName: string;
  readonly logicalId: string;
  /** Name that CloudFormation gives a resource whose template gives none. */
  physicalName(charactersMax: number): string;
  /** Directory of the asset with this S3 key. */
  assetDir(key: string): string;
}

/** How resources of one type are created; a property that is not modelled is refused by name. */
export interface ResourceType {
  readonly models: readonly string[];
  readonly create: (properties: Properties, site: Site) => Created | Promise<Created>;
}

export type ResourceTypes = Readonly<Record<string, ResourceType>>;

/** What the templates call on services whose operations do not cover it. */
export interface Neighbours {
  readonly eventbridge: { putRuleFromTemplate(rule: object): unknown };
  readonly scheduler: { createFromTemplate(schedule: object): unknown };
  readonly cloudwatch: {
    putAlarmFromTemplate(alarm: object): unknown;
    putCompositeFromTemplate(alarm: object): unknown;
  };
  readonly route53: { readonly healthChecks: { createFromTemplate(check: object): string } };
  readonly dynamodb: { createTable(properties: object): unknown };
  readonly s3: { createBucket(bucket: { name: string }): void };
  readonly sns: {
    createTopic(topic: { name: string }): string | Promise<string>;
    subscribe(subscription: { topicArn: string; protocol: string; endpoint: string }): unknown;
  };
}

/** The services of the site's Region that take resources from templates. */
export function neighboursOf(site: Site): Neighbours {
  return site.cloud.services(site.region) as unknown as Neighbours;
}

/** A text property, or what stands for it. */
export function textOf(value: unknown, otherwise = ''): string {
  return value === undefined ? otherwise : String(value);
}

/** ARN of a resource of the site's account and Region. */
export function arnOf(site: Site, service: string, resource: string): string {
  return `arn:aws:${service}:${site.region}:${site.account}:${resource}`;
}
