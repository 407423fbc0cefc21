import type { MachineKind } from '../../rehearsal/stage.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Manners } from '../../rehearsal/guests.ts';
import type { World, WorldServer } from '../../rehearsal/world.ts';
import type { FaultRule } from '../../sim/faults.ts';
import { createRandom, type Random } from '../../sim/random.ts';

/** Something that happens to the servers, the Regions, single calls, or at the hands of an operator. */
export type Happening = { readonly atSeconds: number } & (
  | { readonly kind: 'write' | 'discard'; readonly server: string; readonly device: string; readonly blocks: number }
  | { readonly kind: 'grow'; readonly server: string; readonly device: string; readonly toGib: number }
  | { readonly kind: 'outage' | 'return'; readonly site: 'primary' | 'recovery' }
  | { readonly kind: 'start'; readonly operation: MachineKind; readonly input: Readonly<Record<string, unknown>> }
  /** The operator stops the youngest execution that runs, or lets the one that ended last without success go on. */
  | { readonly kind: 'stop' | 'redrive' }
  | { readonly kind: 'fault'; readonly rule: FaultRule }
  | { readonly kind: 'keys' | 'capacity'; readonly site: 'primary' | 'recovery'; readonly isUsable: boolean }
  /** Metrics arrive late: the heartbeat of the servers is not heard for a while, though they serve. */
  | { readonly kind: 'mute'; readonly minutes: number }
  /** What a server makes of the commands of its plan from now on. */
  | { readonly kind: 'manners'; readonly server: string; readonly manners: Manners }
);

export interface Story {
  readonly world: World;
  readonly happenings: readonly Happening[];
}

const minutesMax = 100;
/** Of the servers of every story. */
export const instanceTypes = ['m7g.large', 'm7i.large', 't3.medium'] as const;

/** A random day: the same seed and plan tell the same story. */
export function storyOf(seed: number, plan: Plan): Story {
  const random = createRandom(`story ${seed}`);
  const servers = Object.fromEntries(Object.keys(plan.servers).map((name) => [name, serverOf(random)]));
  const happenings = [
    ...writes(random, servers),
    ...outages(random),
    ...operators(random),
    ...faults(random),
    ...troubles(random),
    ...manners(random, servers),
  ];
  return { world: { servers, events: [] }, happenings: happenings.toSorted((a, b) => a.atSeconds - b.atSeconds) };
}

function serverOf(random: Random): WorldServer {
  const devices = ['/dev/xvda', '/dev/sdf', '/dev/sdg'].slice(0, 1 + random.below(3));
  const volumeOf = () => ({
    sizeGib: 1 + random.below(8),
    writtenBlocks: 1 + random.below(6),
    volumeType: 'gp3',
    isEncrypted: random.below(3) === 0,
  });
  return {
    instanceType: instanceTypes[random.below(instanceTypes.length)] ?? instanceTypes[0],
    volumes: Object.fromEntries(devices.map((device) => [device, volumeOf()])),
  };
}

function several(random: Random, max: number): undefined[] {
  return Array.from({ length: random.below(max + 1) });
}

function moment(random: Random, fromMinute = 0): number {
  return fromMinute * 60 + random.below((minutesMax - fromMinute) * 60);
}

function writes(random: Random, servers: World['servers']): Happening[] {
  const all = Object.entries(servers).flatMap(([server, { volumes }]) =>
    Object.entries(volumes).map(([device, volume]) => ({ server, device, volume })),
  );
  return Array.from({ length: 40 }, (): Happening => {
    const { server, device, volume } = all[random.below(all.length)] ?? { server: '', device: '', volume: undefined };
    const atSeconds = moment(random);
    const roll = random.below(12);
    if (roll === 0) return { kind: 'grow', atSeconds, server, device, toGib: (volume?.sizeGib ?? 8) + 1 };
    return { kind: roll === 1 ? 'discard' : 'write', atSeconds, server, device, blocks: 1 + random.below(2) };
  });
}

/** Some short, some long; now and then several in a row. The recovery Region is lost for a few minutes only. */
function outages(random: Random): Happening[] {
  const ofPrimary = several(random, 3).flatMap((): Happening[] => {
    const atSeconds = moment(random, 8);
    const lasts = random.below(3) === 0 ? random.below(120) : 300 + random.below(1_800);
    return [
      { kind: 'outage', site: 'primary', atSeconds },
      { kind: 'return', site: 'primary', atSeconds: atSeconds + lasts },
    ];
  });
  const ofRecovery = several(random, 1).flatMap((): Happening[] => {
    const atSeconds = moment(random, 8);
    return [
      { kind: 'outage', site: 'recovery', atSeconds },
      { kind: 'return', site: 'recovery', atSeconds: atSeconds + 30 + random.below(300) },
    ];
  });
  return [...ofPrimary, ...ofRecovery];
}

const pressed: readonly (readonly [MachineKind, Readonly<Record<string, unknown>>])[] = [
  ['failover', {}],
  ['failover', { dryRun: true }],
  ['failover', { planned: true }],
  ['failover', { recoveryPoint: { asOf: '2026-01-05T09:20:00Z' }, servers: { db: { recoveryPoint: 'latest' } } }],
  ['failover', { drill: true }],
  ['failover', { drill: true }],
  ['failover', { recoveryPoint: 'latest-verified' }],
  ['failover', { automatic: 'off' }],
  ['failover', { automatic: 'on' }],
  ['failback', {}],
  ['failback', {}],
  ['failback', { estimateOnly: true }],
  ['failback', { fenceOnly: true }],
  ['protect', {}],
];

/** Mostly to nothing: then it is refused. */
const said: typeof pressed = [
  ['failover', { answer: 'proceed' }],
  ['failover', { answer: 'proceed' }],
  ['failover', { answer: 'wait' }],
  ['failover', { answer: 'undo' }],
  ['failback', { answer: 'proceed', because: 'it was looked at' }],
  ['failback', { answer: 'undo' }],
];

function operators(random: Random): Happening[] {
  const starts = several(random, 5).map((): Happening => {
    const [operation, input] = pressed[random.below(pressed.length)] ?? ['protect', {}];
    return { kind: 'start', operation, input, atSeconds: moment(random, 5) };
  });
  const answers = several(random, 12).map((): Happening => {
    const [operation, input] = said[random.below(said.length)] ?? ['failover', {}];
    return { kind: 'start', operation, input, atSeconds: moment(random, 8) };
  });
  const hands = several(random, 2).map(
    (): Happening => ({ kind: random.below(2) === 0 ? 'stop' : 'redrive', atSeconds: moment(random, 8) }),
  );
  return [...starts, ...answers, ...hands];
}

const callKinds = ['throttled', 'server-error', 'refused', 'answer-lost', 'answer-late'] as const;
const functionKinds = ['crash-before', 'crash-after', 'delivered-twice'] as const;
const operations = [
  'AttachVolume',
  'ChangeResourceRecordSets',
  'CompleteSnapshot',
  'CopySnapshot',
  'CreateSnapshots',
  'CreateVolume',
  'DeleteSnapshot',
  'DescribeInstances',
  'DescribeSnapshots',
  'DetachVolume',
  'GetItem',
  'ListChangedBlocks',
  'PutSnapshotBlock',
  'PutMetricData',
  'RegisterImage',
  'RunInstances',
  'SendCommand',
  'StartInstances',
  'StartSnapshot',
  'StopInstances',
  'TerminateInstances',
  'UpdateItem',
] as const;

function faults(random: Random): Happening[] {
  return several(random, 6).map((): Happening => {
    const atSeconds = moment(random, 2);
    const skip = random.below(8);
    if (random.below(3) === 0) {
      const kind = functionKinds[random.below(functionKinds.length)] ?? 'crash-after';
      return { kind: 'fault', atSeconds, rule: { kind, caller: 'Steps', skip } };
    }
    const kind = callKinds[random.below(callKinds.length)] ?? 'throttled';
    const operation = operations[random.below(operations.length)] ?? 'UpdateItem';
    const times = kind === 'refused' ? 1 : 1 + random.below(4);
    return { kind: 'fault', atSeconds, rule: { kind, caller: 'Steps', operation, skip, times } };
  });
}

/** Keys that somebody disables, zones that are full, a heartbeat that is not heard. */
function troubles(random: Random): Happening[] {
  const site = () => (random.below(2) === 0 ? 'primary' : 'recovery');
  const passing = several(random, 2).flatMap((): Happening[] => {
    const kind = random.below(2) === 0 ? 'keys' : 'capacity';
    const where = site();
    const atSeconds = moment(random, 6);
    return [
      { kind, site: where, isUsable: false, atSeconds },
      { kind, site: where, isUsable: true, atSeconds: atSeconds + random.below(900) },
    ];
  });
  const muted = several(random, 1).map(
    (): Happening => ({ kind: 'mute', minutes: 1 + random.below(6), atSeconds: moment(random, 10) }),
  );
  return [...passing, ...muted];
}

/** Servers that do not do what commands ask of them, for a while. */
function manners(random: Random, servers: World['servers']): Happening[] {
  const names = Object.keys(servers);
  const worse: readonly Manners[] = [{ freeze: 'fails' }, { freeze: 'hangs' }, { health: 'fails' }];
  return several(random, 2).flatMap((): Happening[] => {
    const server = names[random.below(names.length)] ?? '';
    const atSeconds = moment(random, 4);
    return [
      { kind: 'manners', server, manners: worse[random.below(worse.length)] ?? {}, atSeconds },
      { kind: 'manners', server, manners: {}, atSeconds: atSeconds + random.below(1_800) },
    ];
  });
}
