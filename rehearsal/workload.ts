import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Tag } from '@aws-sdk/client-ec2';
import type { Plan } from '../lib/domain/plan.ts';
import type { SimulatedCloud } from '../sim/create-cloud.ts';
import type { Random } from '../sim/random.ts';
import type { Guests } from './guests.ts';
import type { WorldAction } from './world.ts';

const blockBytes = 524_288;
const heartbeatMs = 60_000;

/** A volume of a server in one of the two Regions. */
interface Place {
  readonly region: string;
  readonly server: string;
  readonly instance: string;
  readonly device: string;
  readonly volume: string;
}

/** A block that a server wrote, or discarded (`bytes` is undefined then). */
export interface Write extends Place {
  readonly at: number;
  readonly index: number;
  readonly bytes: Uint8Array | undefined;
}

type OnVolume = Extract<WorldAction, { device: string }>;

/** What the servers of a plan do by themselves while they run: write to their volumes, and send the plan's heartbeat. */
export class Workload {
  readonly #cloud: SimulatedCloud;
  readonly #plan: Plan;
  readonly #random: Random;
  /** Actions that met no server in service. */
  missed = 0;
  /** Indexes of the blocks written or discarded so far, by volume. */
  readonly written = new Map<string, Set<number>>();
  readonly #listeners = new Set<(write: Write) => void>();
  readonly #guests: Guests;
  /** What frozen servers wait to do, by instance. */
  readonly #held = new Map<string, OnVolume[]>();

  constructor(cloud: SimulatedCloud, plan: Plan, guests: Guests) {
    this.#cloud = cloud;
    this.#plan = plan;
    this.#random = cloud.random.fork('workload');
    this.#guests = guests;
    guests.onThaw((instance) => this.#goOn(instance));
  }

  /** Tells every write that a server accepted. */
  onWrite(listener: (write: Write) => void): void {
    this.#listeners.add(listener);
  }

  /** The Region that users reach now, by DNS; `undefined` while no server of the first record's address serves. */
  servingRegion(): string | undefined {
    const record = this.#plan.traffic.find((each) => 'name' in each);
    const { primary, recovery } = this.#plan;
    const regions = [primary.region, recovery.region].filter((region) => !this.#cloud.faults.isSilent(region));
    if (record === undefined) return regions.find((region) => this.#isUp(region));
    const address = this.#cloud.services(recovery.region).route53.resolve(record.name, record.type)?.values[0] ?? '';
    return regions.find((region) => {
      const at = this.#cloud.services(region).ec2.instanceAt(address);
      return at?.serving === true && at.isOpen;
    });
  }

  /** Does to the server that serves now what the story says, once it takes writes. Returns whether there was one. */
  act(action: OnVolume): boolean {
    this.#goOnAtHome(action);
    const region = this.servingRegion();
    const { ec2 } = this.#cloud.services(region ?? this.#plan.recovery.region);
    const instance = region === undefined ? undefined : this.instanceIn(region, action.server);
    const volume = ec2.volumesOf(instance ?? '').get(action.device);
    if (region === undefined || volume === undefined || !ec2.isServing(instance ?? '')) {
      this.missed += 1;
      return false;
    }
    if (this.#guests.isFrozen(instance ?? '')) {
      this.#held.set(instance ?? '', [...(this.#held.get(instance ?? '') ?? []), action]);
      return true;
    }
    const at: Place = { region, server: action.server, instance: instance ?? '', device: action.device, volume };
    if (action.kind === 'grow') ec2.growVolume(volume, Math.max(action.toGib, ec2.contentOf(volume).sizeGib));
    if (action.kind === 'write') this.#write(at, action.blocks);
    if (action.kind === 'discard') this.#discard(at, action.blocks);
    return true;
  }

  /**
   * Whoever was connected to a server at home when security groups cut it off goes on writing there for as long as it runs: those cut no
   * connection that is tracked. @source aws-facts [4.1]
   */
  #goOnAtHome(action: OnVolume): void {
    const { server, device } = action;
    const { region } = this.#plan.primary;
    const { ec2 } = this.#cloud.services(region);
    const instance = this.instanceIn(region, server) ?? '';
    const volume = ec2.volumesOf(instance).get(device);
    const isCutOff = ec2.isServing(instance) && ec2.isCutOff(instance) && !this.#cloud.faults.isSilent(region);
    if (action.kind !== 'write' || volume === undefined || !isCutOff) return;
    this.#write({ region, server, instance, device, volume }, action.blocks);
  }

  #goOn(instance: string): void {
    const held = this.#held.get(instance) ?? [];
    this.#held.delete(instance);
    for (const action of held) this.act(action);
  }

  /** Sends the heartbeat every minute while the primary's servers run and their Region is reachable. */
  startHeartbeat(): void {
    const heartbeat = this.#plan.failover.automatic?.heartbeat;
    if (heartbeat === undefined) return;
    const cloudwatch = new CloudWatchClient(this.#cloud.clientConfig(this.#plan.recovery.region));
    const Dimensions = Object.entries(heartbeat.dimensions).map(([Name, Value]) => ({ Name, Value }));
    const beat = () => {
      this.#cloud.clock.after(heartbeatMs, beat);
      if (this.servingRegion() !== this.#plan.primary.region) return;
      const MetricData = [{ MetricName: heartbeat.metric, Dimensions, Value: 1 }];
      // A heartbeat that does not arrive is what the alarm is there to notice.
      cloudwatch.send(new PutMetricDataCommand({ Namespace: heartbeat.namespace, MetricData })).catch(() => undefined);
    };
    beat();
  }

  /** Half of the blocks overwrite what is there, half are new. Block 0 holds the boot record and stays. */
  #write(at: Place, count: number): void {
    const { ec2 } = this.#cloud.services(at.region);
    const { sizeGib, blocks } = ec2.contentOf(at.volume);
    const written = [...blocks.keys()].filter((index) => index > 0);
    for (let turn = 0; turn < count; turn += 1) {
      const isNew = written.length === 0 || turn % 2 === 1;
      const index = isNew ? 1 + this.#random.below(sizeGib * 2_048 - 1) : written[this.#random.below(written.length)];
      const bytes = this.#random.bytes(blockBytes);
      ec2.writeBlocks(at.volume, index ?? 1, bytes);
      this.#note(at, index ?? 1, bytes);
    }
  }

  #discard(at: Place, count: number): void {
    const { ec2 } = this.#cloud.services(at.region);
    const written = [...ec2.contentOf(at.volume).blocks.keys()].filter((index) => index > 0);
    for (let turn = 0; turn < count && written.length > 0; turn += 1) {
      const [index] = written.splice(this.#random.below(written.length), 1);
      if (index === undefined) continue;
      ec2.discardBlock(at.volume, index);
      this.#note(at, index, undefined);
    }
  }

  #note(place: Place, index: number, bytes: Uint8Array | undefined): void {
    this.written.set(place.volume, (this.written.get(place.volume) ?? new Set()).add(index));
    const write = { ...place, at: this.#cloud.clock.now(), index, bytes };
    for (const listener of this.#listeners) listener(write);
  }

  #isUp(region: string): boolean {
    const { ec2 } = this.#cloud.services(region);
    const ids = Object.keys(this.#plan.servers).map((server) => this.instanceIn(region, server) ?? '');
    return ids.every((id) => ec2.isServing(id) && !ec2.isCutOff(id));
  }

  /** The one launched last that carries the server's name, drills aside; at home the plan's own instance, unless one came home in its place. */
  instanceIn(region: string, server: string): string | undefined {
    const isAtHome = region === this.#plan.primary.region;
    const { instances } = this.#cloud.services(region).ec2.state;
    const carries = (tags: readonly Tag[], key: string, value: string) =>
      tags.some((tag) => tag.Key === key && tag.Value === value);
    const isDrilled = ({ Key, Value }: Tag) => Key === 'homeward:operation' && Value?.startsWith('drill-') === true;
    const isOfServer = (tags: readonly Tag[]) =>
      isAtHome
        ? carries(tags, 'homeward:server', server) && carries(tags, 'homeward:purpose', 'home-server')
        : carries(tags, 'Name', server) && !tags.some(isDrilled);
    const named = [...instances.values()].filter(
      ({ state, tags }) => state !== 'terminated' && (!isAtHome || state !== 'shutting-down') && isOfServer(tags),
    );
    const last = named.toSorted((a, b) => a.launchedAt - b.launchedAt).at(-1)?.id;
    return isAtHome ? (last ?? this.#plan.servers[server]?.instance) : last;
  }
}
