import type { TagSpecification } from '@aws-sdk/client-ec2';
import type { SimulatedCloud } from '../../sim/create-cloud.ts';
import { type IamRequest, requestTags, resourceTags } from './request.ts';

/** Resources whose ARN names no account. @source aws-facts [8.1] */
const withoutAccount = new Set(['snapshot', 'image']);

/** EC2's resources of one Region as IAM sees them: ARNs, and the tags they carry at this moment. */
export class Held {
  readonly region: string;
  readonly #cloud: SimulatedCloud;

  constructor(cloud: SimulatedCloud, region: string) {
    this.#cloud = cloud;
    this.region = region;
  }

  get state() {
    return this.#cloud.services(this.region).ec2.state;
  }

  elsewhere(region: string): Held {
    return new Held(this.#cloud, region);
  }

  arn(type: string, id: string): string {
    return `arn:aws:ec2:${this.region}:${withoutAccount.has(type) ? '' : this.#cloud.account}:${type}/${id}`;
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.#cloud.account}:role/${name}`;
  }

  /** Of a profile without a path. */
  profileArn(name = ''): string {
    return `arn:aws:iam::${this.#cloud.account}:instance-profile/${name}`;
  }

  /** A call's use of what exists. */
  use(action: string, type: string, id = ''): IamRequest {
    return { action, resource: this.arn(type, id), context: resourceTags(this.state.tagged(id)?.tags ?? []) };
  }

  /** A call's making of something, whose id AWS does not know yet either. */
  make(action: string, type: string, specifications: readonly TagSpecification[] = []): IamRequest {
    return { action, resource: this.arn(type, 'new'), context: requestTags(tagsFor(type, specifications)) };
  }

  /** The right to tag what the call makes. @source aws-facts [8.2] */
  tagging(by: string, type: string, specifications: readonly TagSpecification[] = []): IamRequest[] {
    const tags = tagsFor(type, specifications);
    if (tags.length === 0) return [];
    const context = { ...requestTags(tags), 'ec2:CreateAction': by };
    return [{ action: 'ec2:CreateTags', resource: this.arn(type, 'new'), context }];
  }

  /** Keys under which volumes or snapshots are encrypted. */
  keysOf(ids: readonly (string | undefined)[]): string[] {
    const encrypted = ids.flatMap((id = '') => {
      const { encryption } = this.state.volumes.get(id) ?? this.state.snapshots.get(id) ?? {};
      return encryption === undefined ? [] : [encryption.keyArn];
    });
    return [...new Set(encrypted)];
  }

  /** Ids of the volumes of instances. */
  volumesOf(instances: readonly string[]): string[] {
    return instances.flatMap((instance) => this.state.volumesOf(instance).map(({ id }) => id));
  }
}

function tagsFor(type: string, specifications: readonly TagSpecification[]) {
  return specifications.filter(({ ResourceType }) => ResourceType === type).flatMap(({ Tags = [] }) => Tags);
}
