import type { Plan } from '../lib/domain/plan.ts';
import { planFileSchema } from '../lib/domain/plan-schema.ts';
import type { Stage } from '../rehearsal/stage.ts';
import type { Execution } from '../sim/stepfunctions/stepfunctions.ts';
import type { World } from '../rehearsal/world.ts';

const home = 'us-east-1';
const away = 'us-west-2';
const devices = ['/dev/xvda', '/dev/sdf', '/dev/sdg'];
/** Addresses of one subnet of a placed world that servers may take. */
const serversPerSubnet = 240;
const groupOf = (wave: number) => `wave${wave + 1}`;
const subnetId = (side: number, number: number) => `subnet-${String(side)}${String(number).padStart(16, '0')}`;

/** Written bytes of each volume; two percent of that change in an hour. */
export const writtenGib = 8;
export const changePerHour = 0.02;
/** So many blocks stand for what a volume holds, each for a hundredth of it. Block by block a day would not fit into memory. */
const blocksPerVolume = 100;
export const bytesPerBlock = (writtenGib * 1024 ** 3) / blocksPerVolume;
const changeEveryMs = 3_600_000 / (changePerHour * blocksPerVolume);

/** How a fleet is protected and launched. `retention`: as in a plan's file. */
export interface FleetOptions {
  readonly everyMinutes: number;
  readonly retention?: Readonly<Record<string, unknown>>;
  /** With it one of the servers is the one that users are led to. */
  readonly waves?: number;
}

/** A fleet of servers that its plan picks by one tag for each wave. */
export function fleetPlan({ everyMinutes, retention = { latest: 6 }, waves }: FleetOptions): Plan {
  const health = { within: '20 minutes', tcp: 443 };
  const subnets = Array.from({ length: 4 }, (_, number) => [subnetId(0, number), subnetId(1, number)]);
  const written = {
    primary: { region: home },
    recovery: {
      region: away,
      subnets: Object.fromEntries(subnets),
      securityGroups: { 'sg-00000000000000001': 'sg-00000000000000002' },
    },
    protection: { every: `${everyMinutes} minutes`, rpoTarget: '60 minutes', retention },
    groups: Object.fromEntries(
      Array.from({ length: waves ?? 1 }, (_, index) => [
        groupOf(index),
        { tags: { fleet: groupOf(index) }, wave: index + 1, health },
      ]),
    ),
    ...(waves === undefined ? {} : front(waves, health)),
    probes: { subnets: [subnetId(1, 0)], securityGroups: ['sg-00000000000000002'] },
    failover: { rtoTarget: '60 minutes', whenFenceIsOwed: 'proceed' },
    failback: { pauseLimit: '15 minutes' },
  };
  const [plan] = planFileSchema.parse({ plans: { fleet: written } });
  if (plan === undefined) throw new Error('the plan of the fleet must be right');
  return plan;
}

function front(wave: number, health: object) {
  const record = { zone: 'Z0FLEET', name: 'fleet.example.com', type: 'A', ttl: '60 seconds' };
  return {
    servers: { front: { instance: 'i-0f0f0f0f0f0f0f0f0', wave, health } },
    traffic: [{ ...record, server: 'front', address: 'public' }],
  };
}

/** Three volumes a server, nothing written yet: {@link fill} does that. The waves are of one size, as far as that is possible. */
export function fleetWorld(servers: number, waves?: number): World {
  const volume = { sizeGib: 2 * writtenGib, writtenBlocks: 0, volumeType: 'gp3', isEncrypted: false };
  const volumes = Object.fromEntries(devices.map((device) => [device, volume]));
  const named = Array.from({ length: servers }, (_, number) => [
    number === 0 && waves !== undefined
      ? 'front'
      : `${groupOf(number % (waves ?? 1))}-${String(number).padStart(17, '0')}`,
    { instanceType: 'm7i.large', volumes, subnet: Math.floor(number / serversPerSubnet) },
  ]);
  return { servers: Object.fromEntries(named) as World['servers'], events: [] };
}

/** One of the volumes of a fleet, where nobody ever reads a byte of what is written. */
export interface Written {
  write(count: number): void;
}

/** Every volume of the fleet holds what it holds. */
export function fill(stage: Stage): Written[] {
  const { ec2 } = stage.cloud.services(home);
  const { copyBytesPerSecond, snapshotBytesPerSecond } = ec2.state.timings;
  const perBlock = bytesPerBlock / 524_288;
  for (const region of [home, away])
    Object.assign(stage.cloud.services(region).ec2.state.timings, {
      copyBytesPerSecond: copyBytesPerSecond / perBlock,
      snapshotBytesPerSecond: snapshotBytesPerSecond / perBlock,
    });
  const unread = Buffer.alloc(0);
  const volumes = [...ec2.state.volumes.values()].map(({ content }) => {
    let next = 1;
    return {
      write(count: number) {
        for (let turn = 0; turn < count; turn += 1) {
          content.blocks.set(next, Buffer.from(unread));
          next = next === blocksPerVolume ? 1 : next + 1;
        }
      },
    };
  });
  for (const volume of volumes) volume.write(blocksPerVolume);
  return volumes;
}

/** Every volume changes a hundredth after the other, and the volumes one after the other. */
export function change({ clock }: Stage, volumes: readonly Written[]): void {
  for (const [index, volume] of volumes.entries()) {
    const again = (): void => {
      volume.write(1);
      clock.after(changeEveryMs, again);
    };
    clock.after((changeEveryMs * (index + 1)) / volumes.length, again);
  }
}

/** The first point copies everything, which is not what is measured: its copies take no time for that. */
export async function firstPoint(stage: Stage): Promise<void> {
  const { timings } = stage.cloud.services(stage.plan.recovery.region).ec2.state;
  const { copyBytesPerSecond } = timings;
  timings.copyBytesPerSecond = Number.POSITIVE_INFINITY;
  const isProtected = ({ status, output }: Execution) =>
    status === 'SUCCEEDED' && (output as { skipped?: boolean }).skipped !== true;
  await stage.clock.run(() => stage.executions('protect').some(isProtected));
  timings.copyBytesPerSecond = copyBytesPerSecond;
}
