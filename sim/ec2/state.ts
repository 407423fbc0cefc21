import type { Tag } from '@aws-sdk/client-ec2';
import type { Services } from '../cloud.ts';
import type { Random } from '../random.ts';
import type { Surroundings } from '../service.ts';
import { ClientTokens } from './client-tokens.ts';
import { Keys } from './keys.ts';
import { Pages } from './paging.ts';
import type {
  AddressRecord,
  CapacityReservationRecord,
  ImageRecord,
  InstanceRecord,
  InterfaceRecord,
  KeyPairRecord,
  SecurityGroupRecord,
  SnapshotRecord,
  SubnetRecord,
  VolumeRecord,
} from './records.ts';
import { Quotas } from './quotas.ts';
import { defaultTimings } from './timings.ts';

/** An EventBridge event of EC2, as its rules see it. @source aws-facts [1.9] */
export interface Ec2Event {
  readonly source: 'aws.ec2';
  readonly 'detail-type': string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Bytes that this Region took in, counted from blocks really moved. */
export interface BytesMoved {
  /** By native copies from another Region. */
  copied: number;
  /** By GetSnapshotBlock. */
  read: number;
  /** By PutSnapshotBlock. */
  written: number;
}

/** Everything the simulated EC2 and EBS of one Region know. */
export class Ec2State {
  readonly region: string;
  readonly account: string;
  readonly random: Random;
  readonly timings = defaultTimings();
  readonly pages: Pages;
  readonly clientTokens = new ClientTokens();
  readonly keys: Keys;
  readonly volumes = new Map<string, VolumeRecord>();
  readonly snapshots = new Map<string, SnapshotRecord>();
  readonly instances = new Map<string, InstanceRecord>();
  readonly images = new Map<string, ImageRecord>();
  readonly subnets = new Map<string, SubnetRecord>();
  /** By name. */
  readonly keyPairs = new Map<string, KeyPairRecord>();
  readonly securityGroups = new Map<string, SecurityGroupRecord>();
  readonly addresses = new Map<string, AddressRecord>();
  readonly capacityReservations = new Map<string, CapacityReservationRecord>();
  /** Network interfaces that outlived their instance. */
  readonly looseInterfaces = new Map<string, InterfaceRecord>();
  /** `<zone>/<instance type>` that has no capacity at present. */
  readonly shortages = new Set<string>();
  /** `zone/type` that the zone does not have at all. */
  readonly unoffered = new Set<string>();
  readonly quotas = new Quotas();
  readonly bytesMoved: BytesMoved = { copied: 0, read: 0, written: 0 };
  onEvent: ((event: Ec2Event) => void) | undefined;
  readonly #surroundings: Surroundings;
  readonly #visibleAt = new Map<string, number>();
  readonly #delays: Random;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.region = surroundings.region;
    this.account = surroundings.account;
    this.random = surroundings.cloud.random.fork(`ec2/${surroundings.region}`);
    this.#delays = this.random.fork('visibility');
    this.pages = new Pages(this.random.fork('pages'));
    this.keys = new Keys(surroundings.region, surroundings.account, this.random.fork('keys'));
  }

  now(): number {
    return this.#surroundings.cloud.clock.now();
  }

  after(ms: number, then: () => void): void {
    this.#surroundings.cloud.clock.after(ms, then);
  }

  /** Virtual time passes; at once, without a timer, for 0. */
  pause(ms: number): Promise<void> {
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => this.after(ms, resolve));
  }

  /** A new id of 17 hex digits. What it names is seen by descriptions a moment later. */
  newId(prefix: string): string {
    const id = `${prefix}-0${this.random.hex(16)}`;
    this.#visibleAt.set(id, this.now() + this.#delays.below(this.timings.visibleMsMax + 1));
    return id;
  }

  /** Those of the items that descriptions show already. @source aws-facts [7.4] */
  visible<Item>(items: ReadonlyMap<string, Item>): ReadonlyMap<string, Item> {
    const now = this.now();
    for (const [id, at] of this.#visibleAt) if (at <= now) this.#visibleAt.delete(id);
    if (this.#visibleAt.size === 0) return items;
    return new Map([...items].filter(([id]) => !this.#visibleAt.has(id)));
  }

  /** What is part of the world before anything happens is seen at once. */
  showAll(): void {
    this.#visibleAt.clear();
  }

  /** The services beside this EC2. */
  get beside(): Services {
    return this.#surroundings.cloud.services(this.region);
  }

  /** The services of another Region, or `undefined` while that Region is silent. */
  reach(region: string): Services | undefined {
    return this.isSilent(region) ? undefined : this.#surroundings.cloud.services(region);
  }

  isSilent(region: string): boolean {
    return this.#surroundings.cloud.faults.isSilent(region);
  }

  /** ARN of a resource as it stands in events: the Region in the account's place. @source aws-facts [1.9] */
  eventArn(kind: 'snapshot' | 'volume', id: string, region = this.region): string {
    return `arn:aws:ec2::${region}:${kind}/${id}`;
  }

  emit(detailType: string, resources: readonly string[], detail: Readonly<Record<string, unknown>>): void {
    this.onEvent?.({ source: 'aws.ec2', 'detail-type': detailType, region: this.region, resources, detail });
  }

  volumesOf(instanceId: string): VolumeRecord[] {
    return [...this.volumes.values()].filter(({ attachment }) => attachment?.instanceId === instanceId);
  }

  /** Every network interface that there is: of a terminated instance those only that outlive it. */
  allInterfaces(): InterfaceRecord[] {
    const attached = [...this.instances.values()].filter(({ state }) => state !== 'terminated');
    return [...attached.flatMap(({ interfaces }) => interfaces), ...this.looseInterfaces.values()];
  }

  /** The instance that an interface is attached to. */
  instanceOf({ id }: InterfaceRecord): InstanceRecord | undefined {
    if (this.looseInterfaces.has(id)) return undefined;
    return [...this.instances.values()].find(({ interfaces }) => interfaces.some((each) => each.id === id));
  }

  /** Every resource that carries tags, by id. */
  tagged(id: string): { tags: Tag[] } | undefined {
    return [
      new Map(this.allInterfaces().map((each) => [each.id, each])),
      this.volumes,
      this.snapshots,
      this.instances,
      this.images,
      this.subnets,
      this.securityGroups,
      this.addresses,
      this.capacityReservations,
    ]
      .map((table: ReadonlyMap<string, { tags: Tag[] }>) => table.get(id))
      .find((resource) => resource !== undefined);
  }
}
