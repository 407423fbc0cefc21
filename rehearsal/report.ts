import type { Operation, RecoveryPoint, Round, Twin, VolumeKey } from '../lib/domain/catalogue.ts';
import type { FailbackEstimate } from '../lib/domain/estimate-schema.ts';
import { titleOf, type TrafficChange, wordsOf } from '../lib/domain/record-set.ts';
import { changedIndexes } from '../sim/blocks/content.ts';
import type { Stage } from './stage.ts';

export interface PointReport {
  readonly id: string;
  readonly startedAt: string;
  readonly sealedAt: string;
  readonly rpoSeconds: number;
}

/** A DNS record's answers before and after an operation. */
interface TrafficReport {
  readonly name: string;
  readonly type: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface FailoverReport {
  readonly operation: string;
  readonly trigger: string;
  readonly outcome: string;
  readonly recoveryPoint: string | null;
  /** What is lost: from the start of the recovery point to the start of the operation. */
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
  readonly traffic: readonly TrafficReport[];
  /** Calls that the primary Region answered while the failover ran. */
  readonly primaryCalls: number;
}

/** One volume that came home, counted by the simulated cloud from the bytes, not by the engine. */
export interface VolumeReport {
  readonly volume: VolumeKey;
  readonly totalBlocks: number;
  /** Blocks whose bytes differ, summed over the chain of twins from the recovery point to the last round. */
  readonly changedBlocks: number;
  /** Blocks written into the primary Region's snapshots of that chain. */
  readonly blocksMoved: number;
  readonly contentMatches: boolean;
}

export interface FailbackReport {
  readonly operation: string;
  readonly outcome: string;
  readonly estimate: FailbackEstimate | null;
  /** From the start of the last round, with recovery stopped, to commit. */
  readonly pauseSeconds: number | null;
  readonly rounds: readonly Round[];
  readonly volumes: readonly VolumeReport[];
  readonly traffic: readonly TrafficReport[];
}

/** An execution of a failover or failback, however it went; `failover` and `failback` beside it tell of the last of each. */
export interface OperationReport {
  readonly kind: 'failover' | 'failback';
  readonly status: string;
  readonly cause: string | null;
}

/** What `homeward rehearse --json` writes. */
export interface Report {
  readonly seed: number;
  readonly points: readonly PointReport[];
  readonly operations: readonly OperationReport[];
  readonly failover: FailoverReport | null;
  readonly failback: FailbackReport | null;
  /** When users reached no server, as their DNS led them; to the 5 s. */
  readonly interruptions: readonly { readonly from: string; readonly until: string | null }[];
  readonly leftovers: readonly string[];
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
}

export function reportPoint({ id, startedAt, sealedAt }: RecoveryPoint): PointReport {
  const sealed = sealedAt ?? startedAt;
  return { id, startedAt, sealedAt: sealed, rpoSeconds: (Date.parse(sealed) - Date.parse(startedAt)) / 1_000 };
}

export function reportFailover(stage: Stage, operation: Operation): FailoverReport {
  const from = Date.parse(operation.startedAt);
  const until = Date.parse(operation.endedAt ?? operation.startedAt);
  const answered = stage.cloud.record.calls.filter(
    ({ at, region, outcome }) =>
      region === stage.plan.primary.region && outcome !== 'unanswered' && at >= from && at <= until,
  );
  return {
    operation: operation.id,
    trigger: operation.trigger,
    outcome: operation.outcome,
    recoveryPoint: operation.recoveryPoint,
    rpoSeconds: operation.rpoSeconds,
    rtoSeconds: operation.rtoSeconds,
    traffic: operation.traffic.map(reportTraffic),
    primaryCalls: answered.length,
  };
}

/** Compares bytes; to be called when the failback has just ended, before retention lets its rounds go. */
export async function reportFailback(stage: Stage, operation: Operation): Promise<FailbackReport> {
  const { catalogue, plan } = stage;
  const point = await catalogue.point(plan.name, operation.recoveryPoint ?? '');
  const earlier = (await catalogue.operations(plan.name)).filter(({ epoch }) => epoch < operation.epoch);
  const failedOverAt = Math.max(...earlier.filter(isCommittedFailover).map(({ epoch }) => epoch));
  const twins = (await catalogue.twins(plan.name)).filter(({ epoch }) => epoch > failedOverAt);
  const volumes =
    operation.committedAt === null || point === undefined
      ? []
      : Object.entries(operation.swapped).map(([key, { new: rebuilt }]) =>
          reportVolume(stage, point, {
            key: key as VolumeKey,
            rebuilt,
            chain: twins.filter(({ volume }) => volume === key),
          }),
        );
  const { id, outcome, estimate, rounds, traffic } = operation;
  const pauseSeconds = operation.rtoSeconds;
  return { operation: id, outcome, estimate, pauseSeconds, rounds, volumes, traffic: traffic.map(reportTraffic) };
}

function isCommittedFailover({ kind, committedAt }: Operation): boolean {
  return kind === 'failover' && committedAt !== null;
}

interface Homecoming {
  readonly key: VolumeKey;
  /** The volume that the original instance has now. */
  readonly rebuilt: string;
  /** All twins since the failover, those of failbacks that were rolled back included. */
  readonly chain: readonly Twin[];
}

function reportVolume(stage: Stage, point: RecoveryPoint, { key, rebuilt, chain }: Homecoming): VolumeReport {
  const home = stage.cloud.services(stage.plan.primary.region).ec2;
  const away = stage.cloud.services(stage.plan.recovery.region).ec2;
  const ordered = chain.toSorted((a, b) => a.epoch - b.epoch || a.madeAt.localeCompare(b.madeAt));
  const server = Object.keys(point.servers).find((name) => key.startsWith(`${name}:`)) ?? '';
  const device = key.slice(server.length + 1);
  const copy = point.servers[server]?.volumes[device]?.copy ?? '';
  const ends = [copy, ...ordered.map(({ recoverySnapshot }) => recoverySnapshot)];
  const changed = ends.slice(1).map((end, index) => away.changedBetween(ends[index] ?? '', end).length);
  const served = away.volumesOf(stage.workload.instanceIn(stage.plan.recovery.region, server) ?? '').get(device) ?? '';
  const [now, then] = [home.contentOf(rebuilt), away.contentOf(served)];
  const writtenSince = stage.workload.written.get(rebuilt) ?? new Set<number>();
  return {
    volume: key,
    totalBlocks: then.blocks.size,
    changedBlocks: sum(changed),
    blocksMoved: sum(ordered.map(({ primarySnapshot }) => home.blocksWritten(primarySnapshot))),
    contentMatches: now.sizeGib === then.sizeGib && changedIndexes(now, then).every((index) => writtenSince.has(index)),
  };
}

function reportTraffic(change: TrafficChange): TrafficReport {
  const { type, before, after } = change;
  return { name: titleOf(change), type, before: wordsOf(before), after: wordsOf(after) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
