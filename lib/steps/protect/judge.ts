import { ec2Client } from '../../aws/clients.ts';
import { findLockedSnapshots } from '../../aws/locks.ts';
import { manifestPurpose } from '../../aws/manifests.ts';
import { findSnapshotsOfPlan, type SnapshotFacts } from '../../aws/snapshots.ts';
import type { PointHeader, RecoveryPoint, Site, Twin } from '../../domain/catalogue.ts';
import { isDrill } from '../../domain/drill.ts';
import { doubtOf } from '../../domain/doubt.ts';
import type { Holder } from '../../domain/phase.ts';
import type { Plan } from '../../domain/plan.ts';
import { applyRetention, neededSnapshots, snapshotsOf } from '../../domain/retention.ts';
import { lastTwins } from '../../domain/twins.ts';
import { once } from '../once.ts';
import type { Services } from '../services.ts';
import { pointsToJudge } from './points-to-judge.ts';

/** `doubt`: why a snapshot stays that nothing is known to need. */
export interface Verdict {
  readonly goes: boolean;
  readonly doubt?: string;
}

export interface Judgement {
  readonly doomedPoints: readonly PointHeader[];
  readonly doomedTwins: readonly Twin[];
  /** Points that stay and can be recovered from. */
  readonly available: number;
  /** Whether the operation under way has failed: what it made and could not record goes in its own prune already. */
  readonly isBroken: boolean;
  /** Of the plan, as they were found. */
  readonly snapshots: Readonly<Record<Site, readonly SnapshotFacts[]>>;
  of(snapshot: SnapshotFacts, side: Site): Promise<Verdict>;
}

const stays: Verdict = { goes: false };

/**
 * Judges the points, twins and snapshots of a plan for the operation that prunes (I3). As a rule that takes the headers that may go, and the items of the
 * servers of those that do: a snapshot whose tags name a point that stays, as the only one of its volume, stays with it. Where tags and table leave a question,
 * all points are read in full.
 */
export async function judge(services: Services, plan: Plan, pruner: Holder): Promise<Judgement> {
  const running = pruner.operation;
  const { catalogue } = services;
  const [primary, recovery] = await Promise.all([
    survey(services, plan, 'primary'),
    survey(services, plan, 'recovery'),
  ]);
  const sites = { primary, recovery };
  const snapshots = [...primary.found, ...recovery.found];
  const locked = new Set([...primary.locked, ...recovery.locked]);
  const lockedPoints = new Set(snapshots.flatMap(({ id, point = '' }) => (locked.has(id) ? [point] : [])));
  const { headers, young } = await pointsToJudge(services, plan, snapshots);
  const keeping = { rules: plan.protection.retention, running, now: services.now(), lockedPoints };
  const retention = applyRetention(headers, await catalogue.twins(plan.name), keeping);
  const { keptPoints, doomedPoints, keptTwins, doomedTwins } = retention;
  const doomed = await inFull(services, doomedPoints);
  const isAvailable = ({ status }: PointHeader) => status === 'available';
  const underWay = await inFull(
    services,
    keptPoints.filter((point) => !isAvailable(point)),
  );
  const sealed = new Set([...keptPoints.filter(isAvailable).map(({ id }) => id), ...young]);
  const going = new Set(doomed.flatMap(snapshotsOf));
  const needed = neededSnapshots({ kept: underWay, others: doomed, twins: keptTwins });
  const { home, final } = await movesOf(services, plan);
  const described = new Set([...final, ...[...keptPoints, ...keptTwins].map(({ operation }) => operation)]);
  const isBroken = headers.some(({ operation, status }) => operation === running && status === 'failed');
  const makerOf = remembering((id) => catalogue.operation(plan.name, id));
  const doomedIds = new Set(doomedPoints.map(({ id }) => id));
  const known = { doomedPoints: doomedIds, lastTwins: [...lastTwins(keptTwins).values()] };
  const everything = once(async () => {
    const kept = (await catalogue.points(plan.name)).filter(({ id }) => !doomedIds.has(id));
    return { kept, needed: neededSnapshots({ kept, others: doomed, twins: keptTwins }) };
  });

  const isKept = (snapshot: SnapshotFacts, side: Site) => {
    const { id, operation = '', purpose, state, point = '' } = snapshot;
    if (needed.has(id) || locked.has(id)) return true;
    if (operation === running && !isBroken && state !== 'error') return true;
    if (purpose === 'returned-primary' && home.has(operation)) return true;
    if (purpose === manifestPurpose) return described.has(operation) || young.has(point);
    return sealed.has(point) && sites[side].places.get(placeOf(snapshot)) === 1;
  };

  return {
    doomedPoints,
    doomedTwins,
    available: sealed.size,
    isBroken,
    snapshots: { primary: primary.found, recovery: recovery.found },
    async of(snapshot, side) {
      if (isKept(snapshot, side)) return stays;
      const maker = await makerOf(snapshot.operation ?? '');
      // Of whoever has taken the plan since this prune proved that it owns it.
      if (maker !== undefined && !isDrill(maker.id) && maker.epoch > pruner.epoch) return stays;
      const isPlain = going.has(snapshot.id) && doomedIds.has(snapshot.point ?? '');
      const all = isPlain ? { kept: [], needed } : await everything();
      if (all.needed.has(snapshot.id)) return stays;
      const doubt = doubtOf(snapshot, { ...known, keptPoints: all.kept, side, present: sites[side].present, maker });
      return doubt === undefined ? { goes: true } : { goes: false, doubt };
    },
  };
}

function inFull({ catalogue }: Services, points: readonly PointHeader[]): Promise<RecoveryPoint[]> {
  return Promise.all(points.map((point) => catalogue.withServers(point)));
}

/** Ids of the failovers and failbacks that are final, and of the failbacks among them that nobody has accepted. */
async function movesOf({ catalogue }: Services, plan: Plan): Promise<Record<'final' | 'home', ReadonlySet<string>>> {
  const final = (await catalogue.moves(plan.name)).filter(({ committedAt }) => committedAt !== null);
  const home = final.filter(({ kind, acceptedAt }) => kind === 'failback' && acceptedAt === undefined);
  return { final: new Set(final.map(({ id }) => id)), home: new Set(home.map(({ id }) => id)) };
}

/** What one Region has: snapshots of the plan, how many for one place in a point, and what nobody may delete now. */
async function survey({ client }: Services, plan: Plan, side: Site) {
  const ec2 = client(ec2Client, plan[side].region);
  const found = await findSnapshotsOfPlan(ec2, plan.name);
  const places = new Map<string, number>();
  for (const snapshot of found) places.set(placeOf(snapshot), (places.get(placeOf(snapshot)) ?? 0) + 1);
  const present = new Map(found.map((snapshot) => [snapshot.id, snapshot]));
  return { found, places, present, locked: await findLockedSnapshots(ec2) };
}

/** Of which volume in which point a snapshot says that it is: a copy by its device, one at home by what AWS says it was taken of. */
function placeOf({ point, purpose, server, device, volumeId }: SnapshotFacts): string {
  return [point, purpose, server, device ?? volumeId].join('/');
}

/** Asks once for each name: the snapshots of one operation are many. */
function remembering<Value>(ask: (name: string) => Promise<Value>): (name: string) => Promise<Value> {
  const answers = new Map<string, Promise<Value>>();
  return (name) => {
    const answer = answers.get(name) ?? ask(name);
    answers.set(name, answer);
    return answer;
  };
}
