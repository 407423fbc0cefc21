import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { manifestPurpose } from '../../aws/manifests.ts';
import type { PointHeader } from '../../domain/catalogue.ts';
import type { Plan } from '../../domain/plan.ts';
import { pointId } from '../../domain/recovery-point.ts';
import { periods, youngSince } from '../../domain/retention.ts';
import type { Services } from '../services.ts';

/** What retention must look at, and what it keeps without a look. */
export interface PointsToJudge {
  readonly headers: readonly PointHeader[];
  /** Sealed points too young to go, by their tags: there may be very many, and nothing of them is read. */
  readonly young: ReadonlySet<string>;
}

const isAvailable = ({ status }: PointHeader) => status === 'available';

/**
 * The headers by which every point is judged as if all had been read: all that are old enough to go; of younger ones only the newest,
 * and the newest of as many periods as a rule counts; and those that never became available. A manifest tells of a young
 * point that it did.
 * @param snapshots of the plan, in both Regions
 */
export async function pointsToJudge(
  { catalogue, now }: Pick<Services, 'catalogue' | 'now'>,
  plan: Plan,
  snapshots: readonly SnapshotFacts[],
): Promise<PointsToJudge> {
  const { retention: rules } = plan.protection;
  const lastOld = pointId(youngSince(rules, now()), '~');
  const found = new Map<string, PointHeader>();
  const add = (headers: readonly PointHeader[]) => {
    for (const header of headers) found.set(header.id, header);
  };
  add(await catalogue.pointHeaders(plan.name, lastOld));
  if (rules.minimumAgeSeconds > 0) {
    add(await newest(catalogue, plan.name, Math.max(1, rules.latest)));
    for (const { count, of } of periods)
      add(await newestOfEach(catalogue, plan.name, { count: rules[count], of, lastOld }));
  }
  const sealed = new Set(snapshots.filter(({ purpose }) => purpose === manifestPurpose).map(({ point }) => point));
  const young = new Set<string>();
  for (const id of new Set(snapshots.map(({ point }) => point))) {
    if (id === undefined || id <= lastOld || found.has(id)) continue;
    if (sealed.has(id)) young.add(id);
    else add(await known(catalogue.pointHeader(plan.name, id)));
  }
  return { headers: [...found.values()].toSorted((a, b) => a.id.localeCompare(b.id)), young };
}

type Reader = Pick<Services['catalogue'], 'pointHeadersUntil'>;

async function newest(catalogue: Reader, plan: string, count: number): Promise<PointHeader[]> {
  let available = 0;
  return catalogue.pointHeadersUntil(plan, (point) => isAvailable(point) && (available += 1) === count);
}

/** The newest available point of each of the newest `count` periods, as far back as points are young. */
async function newestOfEach(
  catalogue: Reader,
  plan: string,
  { count, of, lastOld }: { count: number; of: (startedAt: string) => string; lastOld: string },
): Promise<PointHeader[]> {
  const found: PointHeader[] = [];
  for (let begins = '~'; found.length < count; ) {
    const later = begins;
    const isOfEarlier = (point: PointHeader) => isAvailable(point) && of(point.startedAt) < later;
    const upTo = later === '~' ? later : pointId(new Date(later), '~');
    const next = (await catalogue.pointHeadersUntil(plan, isOfEarlier, { upTo })).find(isOfEarlier);
    if (next === undefined || next.id <= lastOld) return found;
    found.push(next);
    begins = of(next.startedAt);
  }
  return found;
}

async function known<Found>(asked: Promise<Found | undefined>): Promise<Found[]> {
  const answer = await asked;
  return answer === undefined ? [] : [answer];
}
