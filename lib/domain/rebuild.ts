import type { Operation, PlanState, PointVolume, RecoveryPoint, Twin, VolumeKey } from './catalogue.ts';
import { volumeKey } from './catalogue.ts';
import { pointsOf } from './choice.ts';
import type { Manifest } from './manifest.ts';
import { newestNativeTwins } from './twins.ts';

/** A snapshot of the plan as its Region describes it now. */
export interface PresentSnapshot {
  readonly id: string;
  readonly state: 'pending' | 'completed' | 'error';
  readonly operation?: string | undefined;
  readonly purpose?: string | undefined;
}

export interface KeptManifest {
  /** The snapshot that holds it. */
  readonly snapshot: string;
  /** When that was begun, ISO 8601 with milliseconds. */
  readonly keptAt: string;
  readonly manifest: Manifest;
}

/** A server that a failover launched, in the recovery Region. */
export interface PresentServer {
  readonly instance: string;
  readonly operation: string;
  readonly isRunning: boolean;
}

/** All that is left of a plan beside its table. */
export interface Remains {
  readonly manifests: readonly KeptManifest[];
  /** Of the plan, in the recovery Region, by id. */
  readonly copies: ReadonlyMap<string, PresentSnapshot>;
  /** Of the plan, in the primary Region, by id; `undefined` where it does not answer. */
  readonly sources: ReadonlyMap<string, PresentSnapshot> | undefined;
  readonly servers: readonly PresentServer[];
}

/** The items of a plan as its remains tell them. */
export interface Rebuilt {
  readonly state: PlanState;
  readonly points: readonly RecoveryPoint[];
  readonly twins: readonly Twin[];
  readonly operations: readonly Operation[];
  /** What is not restored, or not as it was, each in words. */
  readonly left: readonly string[];
  /** Why it is not certain where production runs. */
  readonly doubts: readonly string[];
}

/**
 * The items of a plan from what is left of it. A point needs each of its copies, a twin both of its sides; what a silent primary Region
 * holds is taken to be there. Of the twins of a volume those are restored that a prune leaves.
 * @param seenEpoch the highest epoch that the table still holds, or 0
 */
export function rebuild(remains: Remains, now: Date, seenEpoch: number): Rebuilt {
  const { kept, doubles } = onePerOperation(remains.manifests);
  const moves = kept.filter(({ manifest }) => manifest.operation.kind !== 'protect');
  const points = kept.flatMap(({ manifest: { point } }) => (point === null ? [] : [pointFrom(point, remains)]));
  const twins = keptTwins(
    kept.flatMap(({ manifest }) => manifest.twins),
    remains,
  );
  const restored = points.flatMap(({ point }) => (point === undefined ? [] : [withPins(point, moves)]));
  const makers = new Set([...restored, ...twins.whole].map(({ operation }) => operation));
  const operations = kept
    .filter(({ manifest: { operation } }) => operation.kind !== 'protect' || makers.has(operation.id))
    .map(({ manifest, keptAt }) => ({ ...manifest.operation, endedAt: keptAt }));
  const state = stateFrom(kept, now, seenEpoch);
  return {
    state,
    points: restored,
    twins: twins.whole,
    operations,
    left: [...doubles, ...points.flatMap(({ left }) => left), ...twins.left, ...unnamed(remains, kept)],
    doubts: doubtsOf(state, operations, remains.servers),
  };
}

/** Oldest first. A manifest that was copied with its tags says the same; one that says something else is not believed. */
function onePerOperation(manifests: readonly KeptManifest[]): { kept: KeptManifest[]; doubles: string[] } {
  const kept = new Map<string, KeptManifest>();
  const doubles: string[] = [];
  for (const each of manifests.toSorted((a, b) => a.keptAt.localeCompare(b.keptAt))) {
    const { id } = each.manifest.operation;
    const first = kept.get(id);
    if (first === undefined) kept.set(id, each);
    else doubles.push(`manifest ${each.snapshot}: ${id} has an older one, ${first.snapshot}, which counts`);
  }
  return { kept: [...kept.values()], doubles };
}

function volumesOf(point: RecoveryPoint): [VolumeKey, PointVolume][] {
  return Object.entries(point.servers).flatMap(([server, { volumes }]) =>
    Object.values(volumes).map((volume): [VolumeKey, PointVolume] => [volumeKey(server, volume.device), volume]),
  );
}

/** What is wrong with a snapshot that was made by `operation`; `undefined`: nothing. */
function wrongWith(id: string, operation: string, present: ReadonlyMap<string, PresentSnapshot>): string | undefined {
  const snapshot = present.get(id);
  if (snapshot === undefined) return `${id} is gone`;
  if (snapshot.operation !== operation) return `${id} says of itself to be of ${snapshot.operation ?? 'no operation'}`;
  return snapshot.state === 'completed' ? undefined : `${id} is ${snapshot.state}`;
}

function pointFrom(
  point: RecoveryPoint,
  { copies, sources }: Remains,
): { point: RecoveryPoint | undefined; left: string[] } {
  const wrong = volumesOf(point).flatMap(([key, { copy }]) => {
    const why = wrongWith(copy ?? '(none)', point.operation, copies);
    return why === undefined ? [] : [`copy of ${key} ${why}`];
  });
  if (wrong.length > 0) return { point: undefined, left: [`point ${point.id}: ${wrong.join(', ')}`] };
  const sourceless = volumesOf(point).flatMap(([key, { snapshot }]) => {
    const why = sources === undefined ? undefined : wrongWith(snapshot, point.operation, sources);
    return why === undefined ? [] : [`snapshot of ${key} ${why}`];
  });
  const left =
    sourceless.length === 0
      ? []
      : [
          `the way home of point ${point.id}, which is restored and can be launched: in the primary Region ${sourceless.join(', ')}`,
        ];
  return { point, left };
}

/** Failovers that committed launched from it. */
function withPins(point: RecoveryPoint, moves: readonly KeptManifest[]): RecoveryPoint {
  const pins = moves
    .map(({ manifest }) => manifest.operation)
    .filter((operation) => operation.kind === 'failover' && pointsOf(operation).includes(point.id))
    .map(({ id }) => id);
  return { ...point, pins };
}

/**
 * The last whole twin of each volume, and the newest that AWS copied, of which only the copy is needed. By time, not by epoch: a table that
 * was begun anew counts from 1 again.
 */
function keptTwins(twins: readonly Twin[], { copies, sources }: Remains): { whole: Twin[]; left: string[] } {
  const whole = new Map<VolumeKey, Twin>();
  const broken = new Map<VolumeKey, string>();
  for (const twin of twins.toSorted((a, b) => a.madeAt.localeCompare(b.madeAt))) {
    const far = wrongWith(twin.recoverySnapshot, twin.operation, copies);
    const near = sources === undefined ? undefined : wrongWith(twin.primarySnapshot, twin.operation, sources);
    const why = far ?? near;
    if (why === undefined) whole.set(twin.volume, twin);
    if (why === undefined) broken.delete(twin.volume);
    else broken.set(twin.volume, `twin of ${twin.volume} of ${twin.madeAt}: ${why}`);
  }
  // A newer one whose other side is gone would be taken for the last.
  const isUsable = ({ volume, madeAt, recoverySnapshot, operation }: Twin) =>
    madeAt <= (whole.get(volume)?.madeAt ?? '') && wrongWith(recoverySnapshot, operation, copies) === undefined;
  const natives = newestNativeTwins(twins.filter(isUsable)).values();
  return { whole: [...new Set([...whole.values(), ...natives])], left: [...broken.values()] };
}

/**
 * At rest as the newest manifest tells. The epoch is the seconds since 1970: higher than any that was used, for every epoch takes an
 * execution of its own, and higher after every rebuild.
 */
function stateFrom(kept: readonly KeptManifest[], now: Date, seenEpoch: number): PlanState {
  const newest = kept.at(-1);
  if (newest === undefined) throw new RangeError('a rebuild needs a manifest');
  const recorded = kept.flatMap(({ manifest }) => [manifest.state.epoch, manifest.operation.epoch]);
  const seconds = Math.floor(now.getTime() / 1_000);
  return { ...newest.manifest.state, epoch: Math.max(seconds, seenEpoch + 1, ...recorded.map((epoch) => epoch + 1)) };
}

/** Snapshots of operations that have no manifest: broken runs, and runs whose manifest is lost. */
function unnamed({ copies, sources }: Remains, kept: readonly KeptManifest[]): string[] {
  const known = new Set(kept.map(({ manifest }) => manifest.operation.id));
  const counts = new Map<string, { recovery: number; primary: number }>();
  const count = (site: 'recovery' | 'primary', snapshots: Iterable<PresentSnapshot>) => {
    for (const { operation = '(no operation)', purpose } of snapshots) {
      if (known.has(operation) || purpose === 'manifest') continue;
      const before = counts.get(operation) ?? { recovery: 0, primary: 0 };
      counts.set(operation, { ...before, [site]: before[site] + 1 });
    }
  };
  count('recovery', copies.values());
  count('primary', sources?.values() ?? []);
  return [...counts].map(
    ([operation, { primary, recovery }]) =>
      `${operation}: it has no manifest; its ${primary} snapshots in the primary and ${recovery} in the recovery Region stay`,
  );
}

function doubtsOf(state: PlanState, operations: readonly Operation[], servers: readonly PresentServer[]): string[] {
  const running = servers.filter(({ isRunning }) => isRunning);
  const others = running.filter(({ operation }) => operation !== state.failover);
  const strange = others.map(
    ({ instance, operation }) =>
      `${instance} of ${operation} runs in the recovery Region, and by the manifests production does not run there behind it`,
  );
  if (state.failover === null) return strange;
  const isKnown = operations.some(({ id }) => id === state.failover);
  const isServing = running.some(({ operation }) => operation === state.failover);
  return [
    ...strange,
    ...(isKnown ? [] : [`${state.failover}, behind which production runs, has no manifest`]),
    ...(isServing ? [] : [`no server of ${state.failover} runs, behind which production runs by the manifests`]),
  ];
}
