import type { Operation, RecoveryPoint, Site, Twin } from './catalogue.ts';

/** A snapshot as its tags describe it. */
export interface TaggedSnapshot {
  readonly id: string;
  readonly operation?: string | undefined;
  readonly point?: string | undefined;
  readonly server?: string | undefined;
  readonly step?: string | undefined;
  readonly device?: string | undefined;
  /** What it was taken of; copies do not say. */
  readonly volumeId?: string | undefined;
}

/** What is known when a snapshot is judged that no item of the table needs. */
export interface Evidence {
  /** The site whose Region it is in. */
  readonly side: Site;
  /** Of the plan, in that Region. */
  readonly present: ReadonlyMap<string, TaggedSnapshot>;
  /** The operation that the snapshot's tag names, as the table has it. */
  readonly maker: Operation | undefined;
  /** Points that stay. */
  readonly keptPoints: readonly RecoveryPoint[];
  /** Ids of points that go. */
  readonly doomedPoints: ReadonlySet<string>;
  /** The last twin of each volume. */
  readonly lastTwins: readonly Twin[];
}

/**
 * Why a snapshot that the table does not need stays all the same (I3), or `undefined` when it may go. An item that is lost, names
 * another snapshot than the one made for it, or was put back from an older table says nothing of what is needed: the tags of the
 * snapshots themselves are the second witness, and where the two differ nothing is deleted.
 */
export function doubtOf(snapshot: TaggedSnapshot, evidence: Evidence): string | undefined {
  const { maker, lastTwins, keptPoints, doomedPoints } = evidence;
  const { point: pointId } = snapshot;
  if (maker === undefined) return `the table has no operation ${snapshot.operation ?? '(none)'} that made it`;
  if (lastTwins.some((twin) => twin.operation === maker.id && !isMadeFor(twin, evidence)))
    return `a twin of ${maker.id} names a snapshot that was not made for it`;
  if (pointId === undefined)
    return isOfLastRound(snapshot, evidence) ? 'no later twin takes the place of its round' : undefined;
  if (doomedPoints.has(pointId)) return undefined;
  const point = keptPoints.find(({ id }) => id === pointId);
  // Nobody recovers from a failed point: what it does not name was made and could not be recorded.
  if (point?.status === 'failed') return undefined;
  if (point !== undefined && !isWhole(point, evidence))
    return `point ${pointId} names a snapshot that was not made for it`;
  if (point !== undefined)
    return hasVolumeOf(point, snapshot) ? undefined : `point ${pointId} has no volume that it may be of`;
  const isSealed = maker.rpoSeconds !== null;
  const oldestKept = keptPoints.map(({ id }) => id).toSorted()[0] ?? '';
  return isSealed && pointId > oldestKept ? `its point ${pointId} is missing from the table` : undefined;
}

function isMadeFor(twin: Twin, { side, present }: Evidence): boolean {
  const id = side === 'primary' ? twin.primarySnapshot : twin.recoverySnapshot;
  return present.get(id)?.operation === twin.operation;
}

function isWhole({ id, servers }: RecoveryPoint, { side, present }: Evidence): boolean {
  const volumes = Object.values(servers).flatMap((server) => Object.values(server.volumes));
  const named = volumes.map(({ snapshot, copy }) => (side === 'primary' ? snapshot : copy));
  return named.every((name) => name !== null && present.get(name)?.point === id);
}

/** Whether the point names another snapshot for the volume of this one, which then is a second of it. */
function hasVolumeOf({ servers }: RecoveryPoint, { server = '', device, volumeId }: TaggedSnapshot): boolean {
  const volumes = Object.values(servers[server]?.volumes ?? {});
  return volumes.some((volume) => volume.device === device || volume.volumeId === volumeId);
}

/** The last round of a failback is what the next delta stands on, until a later operation made a twin of the server's volumes. */
function isOfLastRound({ step = '', server = '' }: TaggedSnapshot, { maker, lastTwins }: Evidence): boolean {
  const last = maker?.rounds.at(-1);
  if (maker === undefined || last === undefined || !step.startsWith(`round-${last.number}/`)) return false;
  return !lastTwins.some(({ epoch, volume }) => epoch > maker.epoch && volume.startsWith(`${server}:`));
}
