import type { SnapshotRecord } from '../ec2/records.ts';
import type { Ec2State } from '../ec2/state.ts';
import type { Random } from '../random.ts';
import type { Surroundings } from '../service.ts';
import type {} from '../ec2/ec2.ts';
import { keyRefused, notFound, validation } from './errors.ts';
import { Quotas } from './quotas.ts';
import { Tokens } from './tokens.ts';

/** A snapshot that is being written block by block. */
export interface Writing {
  readonly snapshot: SnapshotRecord;
  /** Raw SHA-256 digests of the blocks put, by index. */
  readonly digests: Map<number, Buffer>;
  /** Indices of Puts that have not been answered yet. */
  readonly inFlight: Set<number>;
  /** Until then Put and Complete may not know the snapshot. @source aws-facts [2.8] */
  readonly visibleAt: number;
  /** Latest time at which the first attempt is still refused. */
  readonly refusesFirstUntil: number;
  readonly timeoutMs: number;
  wasAttempted: boolean;
  activeAt: number;
  /** What CompleteSnapshot was called with. */
  sealedAs: string | undefined;
}

/** What the operations of the direct APIs share in one Region. */
export class Desk {
  readonly quotas: Quotas;
  readonly tokens: Tokens;
  readonly random: Random;
  readonly writings = new Map<string, Writing>();
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    const { region, cloud } = surroundings;
    const now = () => cloud.clock.now();
    this.#surroundings = surroundings;
    this.random = cloud.random.fork(`ebs/${region}`);
    this.quotas = new Quotas(region, now);
    this.tokens = new Tokens(this.random.hex(32), now);
  }

  /** The snapshots are EC2's. Looked up at use, as the services of a Region may be made in any order. */
  get state(): Ec2State {
    const { cloud, region } = this.#surroundings;
    return cloud.services(region).ec2.state;
  }

  /**
   * A snapshot whose blocks may be listed and read.
   * @throws AwsError SNAPSHOT_NOT_FOUND, INVALID_SNAPSHOT_ID while it is not completed, or DEPENDENCY_ACCESS_DENIED
   */
  readable(id: string | undefined): SnapshotRecord {
    const snapshot = this.state.snapshots.get(id ?? '');
    if (snapshot === undefined) throw notFound(id);
    if (snapshot.state !== 'completed')
      throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${id}' is ${snapshot.state}, not completed.`);
    this.checkKey(snapshot);
    return snapshot;
  }

  /** @throws AwsError AccessDeniedException when its key cannot be used */
  checkKey({ encryption }: SnapshotRecord): void {
    if (encryption !== undefined && !this.state.keys.isUsable(encryption.keyArn)) throw keyRefused();
  }

  /**
   * A started snapshot for Put and Complete. At first it is not known: see {@link Writing.visibleAt}.
   * @throws AwsError SNAPSHOT_NOT_FOUND, also when it was deleted or timed out
   */
  writing(id: string | undefined): Writing {
    const writing = this.writings.get(id ?? '');
    const snapshot = this.state.snapshots.get(id ?? '');
    if (snapshot === undefined) throw notFound(id);
    if (writing === undefined || snapshot.state === 'completed')
      throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${id}' is not pending.`);
    if (snapshot.state === 'error') throw notFound(id);
    const now = this.state.now();
    const isFirst = !writing.wasAttempted;
    writing.wasAttempted = true;
    if (now < writing.visibleAt || (isFirst && now < writing.refusesFirstUntil)) throw notFound(id);
    return writing;
  }
}
