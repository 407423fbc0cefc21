import type { Operation, RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Write } from '../../rehearsal/workload.ts';
import { type Blocks, firstDifferentBlock } from './bytes.ts';
import type { Checker } from './checker.ts';
import { leftOutNow, readPoints, type Table, whenRead } from './table.ts';

/** Moment up to which a committed failover's recovery point holds the writes of each volume, `server:device`. */
type Cuts = ReadonlyMap<string, number>;

/** From the commit of a failover to the commit of the failback after it. */
interface Era {
  readonly cuts: Cuts;
  readonly begins: number;
  readonly ends: number;
  /** The failback that ended it. */
  readonly failback: Operation | undefined;
}

/**
 * I4, I5 and split brain: every write that a server accepted is on the volume that serves at the end, or was overwritten later. The
 * only others are those that the primary accepted after the recovery point that was failed over to; once production is home again
 * they stand in the report of unreplicated writes, in a snapshot that holds them.
 */
export const nothingLost: Checker = {
  name: 'nothing-lost',
  attach(stage) {
    const first = new Map<string, ReadonlyMap<number, Uint8Array>>();
    for (const server of Object.keys(stage.plan.servers))
      for (const [device, volume] of volumesOf(stage, 'primary', server))
        first.set(
          `${server}:${device}`,
          new Map(stage.cloud.services(stage.plan.primary.region).ec2.contentOf(volume).blocks),
        );
    const writes: Write[] = [];
    stage.workload.onWrite((write) => writes.push(write));
    const points = new Map<string, RecoveryPoint>();
    const startedAt = new Map<string, number>();
    stage.states.onEvent((_, { type }) => {
      if (type.startsWith('Execution'))
        whenRead(readPoints(stage), (found) => keepPoints(stage, found, points, startedAt));
    });
    return ({ table }) => {
      keepPoints(stage, table.points, points, startedAt);
      const eras = erasOf(table, points, startedAt);
      return [...first].flatMap(([key, blocks]) => {
        const mine = writes.filter(({ server, device }) => `${server}:${device}` === key);
        return flawsOf(stage, table, { key, blocks, writes: mine, eras });
      });
    };
  },
};

function volumesOf(stage: Stage, site: 'primary' | 'recovery', server: string): ReadonlyMap<string, string> {
  const region = stage.plan[site].region;
  return stage.cloud.services(region).ec2.volumesOf(stage.workload.instanceIn(region, server) ?? '');
}

/** Points and snapshots are remembered: retention may have removed them by the end. */
function keepPoints(
  stage: Stage,
  points: readonly RecoveryPoint[],
  known: Map<string, RecoveryPoint>,
  startedAt: Map<string, number>,
): void {
  const { snapshots } = stage.cloud.services(stage.plan.primary.region).ec2.state;
  for (const point of points) {
    known.set(point.id, point);
    for (const { volumes } of Object.values(point.servers))
      for (const { snapshot } of Object.values(volumes)) {
        const record = snapshots.get(snapshot);
        if (record !== undefined) startedAt.set(snapshot, record.startedAt);
      }
  }
}

function erasOf(
  { operations }: Table,
  points: ReadonlyMap<string, RecoveryPoint>,
  startedAt: ReadonlyMap<string, number>,
): Era[] {
  const committed = operations.filter(({ committedAt }) => committedAt !== null).toSorted((a, b) => a.epoch - b.epoch);
  return committed
    .filter(({ kind }) => kind === 'failover')
    .map((failover) => {
      const failback = committed.find(({ kind, epoch }) => kind === 'failback' && epoch > failover.epoch);
      const cuts = launchedBy(failover, points).flatMap(([server, { volumes }]) =>
        Object.values(volumes).map(({ device, snapshot }): [string, number] => [
          `${server}:${device}`,
          startedAt.get(snapshot) ?? Number.NaN,
        ]),
      );
      const ends = failback?.committedAt ?? undefined;
      return {
        cuts: new Map(cuts),
        begins: Date.parse(failover.committedAt ?? ''),
        ends: ends === undefined ? Number.POSITIVE_INFINITY : Date.parse(ends),
        failback,
      };
    });
}

/** Servers as a failover launched them: some of them may be of another point than the rest. One that was left out stayed at home. */
function launchedBy(
  { recoveryPoint, choice, leftOut }: Operation,
  points: ReadonlyMap<string, RecoveryPoint>,
): [string, RecoveryPoint['servers'][string]][] {
  const captured = Object.keys(points.get(recoveryPoint ?? '')?.servers ?? {});
  const all = captured.filter((name) => leftOut[name]?.isRunning !== false);
  return all.flatMap((name) => {
    const point = points.get(choice?.servers[name] ?? recoveryPoint ?? '');
    const server = Object.entries(point?.servers ?? {}).find(([each]) => each === name);
    return server === undefined ? [] : [server];
  });
}

interface Volume {
  readonly key: string;
  readonly blocks: ReadonlyMap<number, Uint8Array>;
  readonly writes: readonly Write[];
  readonly eras: readonly Era[];
}

function flawsOf(stage: Stage, table: Table, volume: Volume): string[] {
  const { key, blocks, writes, eras } = volume;
  const [server = '', device = ''] = key.split(':');
  const expected = new Map(blocks);
  const left = new Map<Era, Write[]>();
  for (const write of writes) {
    const era =
      write.region === stage.plan.primary.region
        ? eras.find((each) => isLeftBehind(stage, each, key, write))
        : undefined;
    if (era !== undefined) left.set(era, [...(left.get(era) ?? []), write]);
    else if (write.bytes === undefined) expected.delete(write.index);
    else expected.set(write.index, write.bytes);
  }
  const isAtHome = table.state?.activeSite !== 'recovery' || leftOutNow(table).get(server) === false;
  const site = isAtHome ? 'primary' : 'recovery';
  const serving = volumesOf(stage, site, server).get(device);
  if (serving === undefined) return [`I4 ${key} has no volume that serves in ${stage.plan[site].region}`];
  const actual: Blocks = stage.cloud.services(stage.plan[site].region).ec2.contentOf(serving).blocks;
  const index = firstDifferentBlock(expected, actual);
  const flaws =
    index === undefined ? [] : [`I4 block ${index} of ${key} on ${serving} is not what was last written there`];
  for (const [era, lost] of left) flaws.push(...unreported(stage, key, era, lost));
  return flaws;
}

/** Written at home after the recovery point, and not on the volume that the failback built there, or launched. */
function isLeftBehind(
  stage: Stage,
  { cuts, ends, failback }: Era,
  key: string,
  { at, volume, server, device }: Write,
): boolean {
  const cut = cuts.get(key);
  const rebuilt = Object.entries(failback?.swapped ?? {}).find(([swapped]) => swapped === key)?.[1].new;
  const launched = failback?.servers[server]?.instance ?? '';
  const ofLaunched = stage.cloud.services(stage.plan.primary.region).ec2.volumesOf(launched).get(device);
  return cut !== undefined && at >= cut && at < ends && volume !== rebuilt && volume !== ofLaunched;
}

/** The report says of the volume how many blocks, and names a snapshot that holds what was written there last. */
function unreported(stage: Stage, key: string, { failback }: Era, lost: readonly Write[]): string[] {
  if (failback === undefined) return [];
  const [, listed] = Object.entries(failback.unreplicated ?? {}).find(([volume]) => volume === key) ?? [];
  if (listed === undefined && lost.every(({ instance }) => isEndedByPeople(stage, instance))) return [];
  if (listed === undefined)
    return [`I5 ${lost.length} writes on ${key} were left behind and ${failback.id} does not list them`];
  // Somebody has read the report, and let go what it names.
  if (failback.acceptedAt !== undefined) return [];
  const { ec2 } = stage.cloud.services(stage.plan.primary.region);
  if (!ec2.state.snapshots.has(listed.snapshot))
    return [`I5 ${listed.snapshot} with the writes left behind on ${key} is gone`];
  const held: Blocks = ec2.contentOf(listed.snapshot).blocks;
  const last = new Map(lost.map(({ index, bytes }) => [index, bytes]));
  const only = new Map([...last.keys()].map((index) => [index, held.get(index)] as const));
  const index = firstDifferentBlock(withoutGaps(last), withoutGaps(only));
  if (index !== undefined) return [`I5 block ${index} of ${key}, left behind, is not in ${listed.snapshot}`];
  return listed.blocks >= last.size
    ? []
    : [`I5 ${last.size} blocks of ${key} were left behind, the report says ${listed.blocks}`];
}

/** Somebody ended the server at home themselves: there is nothing left of it that a report could name. */
function isEndedByPeople({ cloud }: Stage, instance: string): boolean {
  return cloud.record.calls.some(({ operation, role, input }) => {
    const ended = operation === 'TerminateInstances' && role === undefined ? input['InstanceIds'] : [];
    return Array.isArray(ended) && ended.includes(instance);
  });
}

function withoutGaps(blocks: ReadonlyMap<number, Uint8Array | undefined>): Blocks {
  return new Map([...blocks].filter((entry): entry is [number, Uint8Array] => entry[1] !== undefined));
}
