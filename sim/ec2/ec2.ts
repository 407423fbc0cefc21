import { changedIndexes, type ContentView, unwrittenBlock } from '../blocks/content.ts';
import type { Operation, Service, Surroundings } from '../service.ts';
import { attachmentOperations } from './attachments.ts';
import { bootedFrom, isServing } from './boot.ts';
import { capacityReservationOperations } from './capacity-reservations.ts';
import { copyOperations } from './copies.ts';
import type { Ec2Operation } from './ec2-operation.ts';
import { encryptionOperations } from './encryption.ts';
import { imageOperations } from './images.ts';
import { instanceAttributeOperations } from './instance-attributes.ts';
import { instanceOperations } from './instances.ts';
import { instanceTypeOperations } from './instance-types.ts';
import { keyPairOperations } from './key-pairs.ts';
import { launchOperations } from './launch.ts';
import { lockOperations } from './locks.ts';
import { interfaceOperations, isOpen } from './interfaces.ts';
import { networkOperations, newPublicIp } from './network.ts';
import { type InstancePlacing, type PlacedInstance, placeInstance } from './place-instance.ts';
import type { CapacityReservationRecord, Encryption, Purchase, SnapshotRecord, VolumeRecord } from './records.ts';
import { snapshotOperations } from './snapshots.ts';
import { type BytesMoved, type Ec2Event, Ec2State } from './state.ts';
import { tagOperations } from './tags.ts';
import { RequestBuckets } from './throttle.ts';
import type { Timings } from './timings.ts';
import { volumeOperations } from './volumes.ts';

declare module '../cloud.ts' {
  interface Services {
    ec2: Ec2;
  }
}

/** A server as a probe meets it. */
export interface Listening {
  readonly instanceId: string;
  readonly listens: readonly number[];
  readonly healthPath?: string;
  /** Running, booted, checks passed, programs started. */
  readonly serving: boolean;
  /** Whether the groups of the interface with that address let a connection begin; those that have begun go on. */
  readonly isOpen: boolean;
}

export interface ResourceView {
  readonly kind: 'volume' | 'snapshot' | 'instance' | 'image' | 'address' | 'network-interface';
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly state: string;
}

const nouns = {
  ...instanceOperations,
  ...instanceAttributeOperations,
  ...launchOperations,
  ...instanceTypeOperations,
  ...volumeOperations,
  ...attachmentOperations,
  ...snapshotOperations,
  ...copyOperations,
  ...lockOperations,
  ...imageOperations,
  ...tagOperations,
  ...networkOperations,
  ...interfaceOperations,
  ...keyPairOperations,
  ...capacityReservationOperations,
  ...encryptionOperations,
} satisfies Record<string, Ec2Operation>;

/** The simulated EC2 of one Region, with real bytes in its volumes. */
export class Ec2 implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Everything this Region knows; for the simulated EBS direct APIs, which share it. */
  readonly state: Ec2State;

  constructor(surroundings: Surroundings) {
    this.state = new Ec2State(surroundings);
    const buckets = new RequestBuckets(() => this.state.now());
    this.operations = Object.fromEntries(
      Object.entries<Ec2Operation>(nouns).map(([name, bind]) => [name, bind(this.state, buckets, name)]),
    );
  }

  /** How long things take; may be changed. */
  get timings(): Timings {
    return this.state.timings;
  }

  /** Bytes this Region took in, from blocks really moved. */
  get bytesMoved(): Readonly<BytesMoved> {
    return this.state.bytesMoved;
  }

  /** Who hears the events of EC2 in this Region; one listener. */
  onEvent(listener: (event: Ec2Event) => void): void {
    this.state.onEvent = listener;
  }

  /** @returns its id */
  addSubnet(subnet: {
    id?: string;
    zone?: string;
    cidr?: string;
    vpc?: string;
    assignsPublicIp?: boolean;
    addressesMax?: number;
  }): string {
    const id = subnet.id ?? this.state.newId('subnet');
    this.state.subnets.set(id, {
      id,
      vpcId: subnet.vpc ?? 'vpc-0',
      zone: subnet.zone ?? `${this.state.region}a`,
      cidr: subnet.cidr ?? `10.${this.state.subnets.size}.0.0/24`,
      assignsPublicIp: subnet.assignsPublicIp ?? false,
      addressesMax: subnet.addressesMax ?? 251,
      tags: [],
    });
    return id;
  }

  /** @returns its id */
  addSecurityGroup(group: { id?: string; name?: string; vpc?: string; isClosed?: boolean } = {}): string {
    const id = group.id ?? this.state.newId('sg');
    const { name = id, vpc: vpcId = 'vpc-0', isClosed = false } = group;
    this.state.securityGroups.set(id, { id, name, vpcId, isClosed, tags: [] });
    return id;
  }

  addKeyPair(name: string): void {
    this.state.keyPairs.set(name, { id: this.state.newId('key'), name, tags: [] });
  }

  /** Allocates an Elastic IP. @returns its allocation id */
  addElasticIp(address: { id?: string; publicIp?: string } = {}): string {
    const id = address.id ?? this.state.newId('eipalloc');
    const publicIp = address.publicIp ?? newPublicIp(this.state);
    const unused = { associationId: undefined, instanceId: undefined, interfaceId: undefined };
    this.state.addresses.set(id, { id, publicIp, ...unused, tags: [] });
    return id;
  }

  /** Registers a KMS key, enabled. @returns its ARN */
  addKey(arn?: string): string {
    return this.state.keys.add(arn);
  }

  setKeyEnabled(arn: string, isEnabled: boolean): void {
    this.state.keys.enable(arn, isEnabled);
  }

  /** Encryption by default of the Region, and its default key. */
  setEncryptionByDefault(isOn: boolean, keyArn = this.state.keys.defaultArn): void {
    this.state.keys.isEncryptionDefault = isOn;
    this.state.keys.defaultArn = keyArn;
  }

  /** An instance that was bought as something else than Linux on demand, or put in a place of its own. */
  setPurchase(instanceId: string, purchase: Purchase): void {
    const instance = this.state.instances.get(instanceId);
    if (instance === undefined) throw new Error(`${this.state.region} has no instance ${instanceId}`);
    instance.purchase = purchase;
  }

  /** Takes away, or gives back, the capacity for an instance type in a zone. */
  setCapacity(zone: string, instanceType: string, isAvailable: boolean): void {
    const name = `${zone}/${instanceType}`;
    if (isAvailable) this.state.shortages.delete(name);
    else this.state.shortages.add(name);
  }

  /** A Capacity Reservation that somebody made beforehand, active, for one instance unless told otherwise. @returns its id */
  addCapacityReservation(
    reservation: Pick<CapacityReservationRecord, 'instanceType' | 'zone'> & Partial<CapacityReservationRecord>,
  ): string {
    const id = reservation.id ?? this.state.newId('cr');
    const common = { platform: 'Linux/UNIX', tenancy: 'default', matching: 'targeted', state: 'active' } as const;
    this.state.capacityReservations.set(id, { ...common, instanceCount: 1, tags: [], ...reservation, id });
    return id;
  }

  /** Whether a zone has an instance type at all; it has unless told otherwise. */
  setOffered(zone: string, instanceType: string, isOffered: boolean): void {
    const name = `${zone}/${instanceType}`;
    if (isOffered) this.state.unoffered.delete(name);
    else this.state.unoffered.add(name);
  }

  /** An image from completed snapshots that nobody registered, available at once. @returns its id */
  addImage(image: { name: string; rootSnapshot: string; architecture?: string; rootDevice?: string }): string {
    const id = this.state.newId('ami');
    const rootDevice = image.rootDevice ?? '/dev/xvda';
    this.state.showAll();
    this.state.images.set(id, {
      id,
      name: image.name,
      description: '',
      architecture: image.architecture ?? 'x86_64',
      virtualization: 'hvm',
      bootMode: undefined,
      tpmSupport: undefined,
      imdsSupport: undefined,
      sriovNetSupport: undefined,
      uefiData: undefined,
      enaSupport: true,
      rootDevice,
      mappings: [{ DeviceName: rootDevice, Ebs: { SnapshotId: image.rootSnapshot, DeleteOnTermination: true } }],
      createdAt: this.state.now(),
      state: 'available',
      tags: [],
    });
    return id;
  }

  /** Puts a serving server into the Region. @returns its id, its addresses and its volumes by device */
  addInstance(placing: InstancePlacing): PlacedInstance {
    const placed = placeInstance(this.state, placing);
    this.state.showAll();
    return placed;
  }

  /** Writes whole blocks into a volume, from block `index` on. */
  writeBlocks(volumeId: string, index: number, bytes: Uint8Array): void {
    this.#volume(volumeId).content.write(index, bytes);
  }

  /** Trims a block: it is no longer allocated. */
  discardBlock(volumeId: string, index: number): void {
    this.#volume(volumeId).content.discard(index);
  }

  /** Grows a volume, as its owner may at any time; it cannot shrink. */
  growVolume(volumeId: string, sizeGib: number): void {
    const { content } = this.#volume(volumeId);
    if (sizeGib < content.sizeGib) throw new RangeError(`${volumeId} has ${content.sizeGib} GiB and cannot shrink`);
    content.sizeGib = sizeGib;
  }

  /** Blocks that PutSnapshotBlock wrote into a sealed snapshot, each index once. */
  blocksWritten(snapshotId: string): number {
    return this.state.snapshots.get(snapshotId)?.blocksWritten ?? 0;
  }

  /** What the instance reads: noise where an encrypted volume was never written. */
  readBlock(volumeId: string, index: number): Buffer {
    const { content, encryption } = this.#volume(volumeId);
    return content.blocks.get(index) ?? unwrittenBlock(encryption?.dataKeyId, index);
  }

  /** Size and allocated blocks of a volume or a snapshot, as they are now. */
  contentOf(id: string): { sizeGib: number; blocks: Map<number, Buffer> } {
    const { sizeGib, blocks } = this.#holder(id).content;
    return { sizeGib, blocks: new Map(blocks) };
  }

  /** Indices whose bytes differ between two volumes or snapshots of the Region; across Regions see `changedIndexes`. */
  changedBetween(first: string, second: string): number[] {
    return changedIndexes(this.contentOf(first), this.contentOf(second));
  }

  encryptionOf(id: string): Encryption | undefined {
    return this.#holder(id).encryption;
  }

  /** The server behind a private or public address of any of its interfaces, for probes; `undefined` when nobody holds it. */
  instanceAt(address: string): Listening | undefined {
    const at = this.state.allInterfaces().find(({ privateIp, publicIp }) => [privateIp, publicIp].includes(address));
    const instance = at === undefined ? undefined : this.state.instanceOf(at);
    if (instance === undefined) return undefined;
    const { listens = [], healthPath } = bootedFrom(this.state, instance) ?? {};
    return {
      instanceId: instance.id,
      listens,
      ...(healthPath === undefined ? {} : { healthPath }),
      serving: isServing(this.state, instance),
      isOpen: at !== undefined && isOpen(this.state, at),
    };
  }

  /** Whether no connection can begin with any interface of an instance. */
  isCutOff(instanceId: string): boolean {
    return this.state.instances.get(instanceId)?.interfaces.every((each) => !isOpen(this.state, each)) === true;
  }

  /** Whether the instance has booted and its software runs; a write reaches its volumes only then. */
  isServing(instanceId: string): boolean {
    const instance = this.state.instances.get(instanceId);
    return instance !== undefined && isServing(this.state, instance);
  }

  /** Volumes of an instance by device; none where there is no such instance. */
  volumesOf(instanceId: string): ReadonlyMap<string, string> {
    return new Map(this.state.volumesOf(instanceId).map(({ id, attachment }) => [attachment?.device ?? '', id]));
  }

  /** Everything that costs money or is left over; networks, keys and what belongs to an instance are not. */
  allResources(): ResourceView[] {
    const { volumes, snapshots, instances, images, addresses, looseInterfaces } = this.state;
    const view = (kind: ResourceView['kind'], { id, tags, ...rest }: Tagged & { state?: string }): ResourceView => ({
      kind,
      id,
      tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      state: rest.state ?? 'allocated',
    });
    return [
      ...[...volumes.values()].map((volume) => view('volume', volume)),
      ...[...snapshots.values()].map((snapshot) => view('snapshot', snapshot)),
      ...[...instances.values()].map((instance) => view('instance', instance)),
      ...[...images.values()].map((image) => view('image', image)),
      ...[...addresses.values()].map(({ id, tags }) => view('address', { id, tags })),
      ...[...looseInterfaces.values()].map(({ id, tags }) =>
        view('network-interface', { id, tags, state: 'available' }),
      ),
    ];
  }

  #volume(id: string): VolumeRecord {
    const volume = this.state.volumes.get(id);
    if (volume === undefined) throw new Error(`${this.state.region} has no volume ${id}`);
    return volume;
  }

  #holder(id: string): { content: ContentView; encryption: Encryption | undefined } | SnapshotRecord {
    const holder = this.state.volumes.get(id) ?? this.state.snapshots.get(id);
    if (holder === undefined) throw new Error(`${this.state.region} has no volume or snapshot ${id}`);
    return holder;
  }
}

interface Tagged {
  readonly id: string;
  readonly tags: readonly { Key?: string | undefined; Value?: string | undefined }[];
}
