import { createHash } from 'node:crypto';
import { Ebs } from '../../sim/ebs/ebs.ts';
import { Ec2 } from '../../sim/ec2/ec2.ts';
import type { Cloud, Services } from '../../sim/cloud.ts';
import { createRandom } from '../../sim/random.ts';
import type { Service } from '../../sim/service.ts';

export const home = 'us-east-1';
export const away = 'us-west-2';
export const seconds = 1_000;
export const minutes = 60 * seconds;
const blockBytes = 524_288;

/** Two Regions of EC2 and EBS on a clock that the test moves. */
export class BlockCloud implements Cloud {
  readonly account = '123456789012';
  readonly notModelled: string[] = [];
  readonly random = createRandom('blocks');
  readonly silent = new Set<string>();
  readonly regions = [home, away];
  readonly faults = {
    isSilent: (region: string) => this.silent.has(region),
    crashes: () => false,
    repeats: () => false,
  };
  readonly clock = {
    now: () => this.#now,
    after: (ms: number, then: () => void) => void this.#timers.push({ at: this.#now + ms, then }),
  };
  #now = Date.UTC(2026, 0, 5, 10);
  #timers: { at: number; then: () => void }[] = [];
  readonly #regions = new Map<string, Services>();

  dispatch(): never {
    throw new Error('nothing is called over the wire here');
  }

  services(region: string): Services {
    const known = this.#regions.get(region);
    if (known !== undefined) return known;
    const surroundings = { region, account: this.account, cloud: this };
    const made = { ec2: new Ec2(surroundings), ebs: new Ebs(surroundings) } as unknown as Services;
    made.ec2.timings.visibleMsMax = 0;
    this.#regions.set(region, made);
    return made;
  }

  ec2(region = home): Ec2 {
    return this.services(region).ec2;
  }

  ebs(region = home): Ebs {
    return this.services(region).ebs;
  }

  /** Lets virtual time pass, in order. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await new Promise((resume) => setImmediate(resume));
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
    }
    this.#now = until;
  }

  /** Runs a request that needs a moment of time. */
  async within<Answer>(request: Promise<Answer>, ms = 1 * seconds): Promise<Answer> {
    const [answer] = await Promise.all([
      request.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
      this.pass(ms),
    ]);
    if ('error' in answer) throw answer.error;
    return answer.value;
  }
}

/** Calls an operation as the wire would; the answer is what the simulator gives, untyped for brevity in tests. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads single members of many answers
export type Answer = any;

export async function ask(service: Service, name: string, input: object): Promise<Answer> {
  const operation = service.operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  for (const member of Object.keys(input)) {
    if (!operation.models.includes(member)) throw new Error(`${name} does not model ${member}`);
  }
  const call = { service: 'test', operation: name, region: home, requestId: 'r', role: undefined };
  return operation.run(input as never, call);
}

/** A block full of one byte. */
export function blockOf(byte: number): Buffer {
  return Buffer.alloc(blockBytes, byte);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** A server with a root volume of 1 GiB and a data volume of 1 GiB whose blocks 0 and 1 are written. */
export function placeShop(cloud: BlockCloud, region = home, key?: string) {
  const ec2 = cloud.ec2(region);
  const subnet = ec2.addSubnet({ zone: `${region}a`, cidr: '10.0.1.0/24', assignsPublicIp: true });
  const group = ec2.addSecurityGroup();
  const encryption = key === undefined ? {} : { key };
  const server = ec2.addInstance({
    subnet,
    securityGroups: [group],
    listens: [80],
    healthPath: '/health',
    volumes: [
      { device: '/dev/xvda', sizeGib: 1, ...encryption },
      { device: '/dev/sdf', sizeGib: 1, ...encryption },
    ],
  });
  const data = server.volumes['/dev/sdf'] ?? '';
  const root = server.volumes['/dev/xvda'] ?? '';
  ec2.writeBlocks(data, 0, blockOf(1));
  ec2.writeBlocks(data, 1, blockOf(2));
  return { ec2, subnet, group, server, data, root };
}

/** A completed snapshot of a volume. */
export async function snapshotOf(cloud: BlockCloud, volume: string, region = home): Promise<string> {
  const { SnapshotId } = await ask(cloud.ec2(region), 'CreateSnapshot', { VolumeId: volume });
  await cloud.pass(2 * minutes);
  return SnapshotId;
}

/** An image whose root is a volume, registered and available. */
export async function imageOf(cloud: BlockCloud, volume: string, more: object = {}): Promise<string> {
  const { ImageId } = await ask(cloud.ec2(home), 'RegisterImage', {
    Name: `image of ${volume}`,
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: await snapshotOf(cloud, volume) } }],
    ...more,
  });
  await cloud.pass(10 * seconds);
  return ImageId;
}

/** Launches one instance of an image; `more` says where, and what else. */
export function launchOne({ ec2 }: Pick<ReturnType<typeof placeShop>, 'ec2'>, image: string, more: object) {
  const one = { ImageId: image, InstanceType: 'm7i.large', MinCount: 1, MaxCount: 1 };
  return ask(ec2, 'RunInstances', { ...one, ...more });
}

/** A completed copy of a snapshot in the other Region. */
export async function copyOf(cloud: BlockCloud, snapshot: string, more: object = {}): Promise<string> {
  const { SnapshotId } = await ask(cloud.ec2(away), 'CopySnapshot', {
    SourceRegion: home,
    SourceSnapshotId: snapshot,
    ...more,
  });
  await cloud.pass(5 * minutes);
  return SnapshotId;
}

/** A volume made from a snapshot, ready. */
export async function volumeFrom(
  cloud: BlockCloud,
  snapshot: string,
  region = away,
  more: object = {},
): Promise<string> {
  const { VolumeId } = await ask(cloud.ec2(region), 'CreateVolume', {
    AvailabilityZone: `${region}a`,
    SnapshotId: snapshot,
    ...more,
  });
  await cloud.pass(10 * seconds);
  return VolumeId;
}

/** The one snapshot, as described. */
export async function described(cloud: BlockCloud, snapshot: string, region = home): Promise<Answer> {
  const { Snapshots } = await ask(cloud.ec2(region), 'DescribeSnapshots', { SnapshotIds: [snapshot] });
  return Snapshots[0];
}
