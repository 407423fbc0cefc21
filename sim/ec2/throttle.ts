import { TokenBucket } from '../blocks/token-bucket.ts';
import { AwsError } from '../service.ts';

/** Bucket and refill a second of each group of calls, per account and Region. @source aws-facts [7.1] */
const groups = {
  describe: [100, 20],
  describeAll: [50, 10],
  mutate: [50, 5],
  create: [100, 5],
  tag: [100, 10],
  launch: [5, 2],
} as const;

type Group = keyof typeof groups;

const groupOf: Readonly<Record<string, Group>> = {
  ...Object.fromEntries(
    [
      'CreateSnapshot',
      'CreateSnapshots',
      'CreateVolume',
      'DeleteSnapshot',
      'DeleteVolume',
      'DeregisterImage',
      'ModifyNetworkInterfaceAttribute',
      'TerminateInstances',
    ].map((name) => [name, 'create' as const]),
  ),
  CreateTags: 'tag',
  DeleteTags: 'tag',
  RunInstances: 'launch',
  StartInstances: 'launch',
};

/** The request buckets of EC2. The buckets of instances (1,000) are not modelled. */
export class RequestBuckets {
  readonly #buckets: Readonly<Record<Group, TokenBucket>>;

  constructor(now: () => number) {
    this.#buckets = Object.fromEntries(
      Object.entries(groups).map(([group, [size, perSecond]]) => [group, new TokenBucket(size, perSecond, now)]),
    ) as Record<Group, TokenBucket>;
  }

  /** @throws AwsError RequestLimitExceeded */
  take(name: string, input: object): void {
    const isNarrow = Object.keys(input).some((member) =>
      /^(Filters|MaxResults|.*Ids?|.*Names?|Attribute)$/.test(member),
    );
    const reads = isNarrow ? 'describe' : 'describeAll';
    const group = groupOf[name] ?? (/^(Describe|Get)/.test(name) ? reads : 'mutate');
    if (!this.#buckets[group].take()) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }
}
