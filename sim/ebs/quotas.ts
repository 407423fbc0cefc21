import { TokenBucket } from '../blocks/token-bucket.ts';
import { AwsError } from '../service.ts';

/** Regions with the higher account rates. @source aws-facts [2.9] */
const largeRegions = new Set(['us-east-1', 'us-east-2', 'us-west-2', 'ap-southeast-1', 'eu-west-1']);
const blocksPerSecondLarge = 5_000;
const blocksPerSecondSmall = 1_000;
const blocksPerSecondOfSnapshot = 1_000;
const listsPerSecond = 50;
const startsPerSecond = 10;

/** Snapshots that StartSnapshot left pending, per account and Region. @source aws-facts [2.9] */
export const pendingMax = 100;

/** Request rates of the direct APIs in one Region; each bucket holds one second's worth. @source aws-facts [2.9] */
export class Quotas {
  readonly #now: () => number;
  readonly #account: Readonly<Record<'Get' | 'Put' | 'ListChanged' | 'List' | 'Start' | 'Complete', TokenBucket>>;
  readonly #snapshots = new Map<string, TokenBucket>();

  constructor(region: string, now: () => number) {
    this.#now = now;
    const blocks = largeRegions.has(region) ? blocksPerSecondLarge : blocksPerSecondSmall;
    const bucket = (perSecond: number) => new TokenBucket(perSecond, perSecond, now);
    this.#account = {
      Get: bucket(blocks),
      Put: bucket(blocks),
      ListChanged: bucket(listsPerSecond),
      List: bucket(listsPerSecond),
      Start: bucket(startsPerSecond),
      Complete: bucket(startsPerSecond),
    };
  }

  /** @throws AwsError RequestThrottledException, reason ACCOUNT_THROTTLED */
  takeCall(kind: 'ListChanged' | 'List' | 'Start' | 'Complete'): void {
    if (!this.#account[kind].take()) throw throttled('ACCOUNT_THROTTLED');
  }

  /** @throws AwsError RequestThrottledException, reason ACCOUNT_THROTTLED or RESOURCE_LEVEL_THROTTLE */
  takeBlock(kind: 'Get' | 'Put', snapshotId: string): void {
    const name = `${kind}/${snapshotId}`;
    const own =
      this.#snapshots.get(name) ?? new TokenBucket(blocksPerSecondOfSnapshot, blocksPerSecondOfSnapshot, this.#now);
    this.#snapshots.set(name, own);
    if (!own.take()) throw throttled('RESOURCE_LEVEL_THROTTLE');
    if (!this.#account[kind].take()) throw throttled('ACCOUNT_THROTTLED');
  }
}

function throttled(reason: 'ACCOUNT_THROTTLED' | 'RESOURCE_LEVEL_THROTTLE'): AwsError {
  return new AwsError(
    'RequestThrottledException',
    'The number of API requests has exceeded the maximum allowed.',
    400,
    {
      Reason: reason,
    },
  );
}
