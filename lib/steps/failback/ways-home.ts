import { blockBytes } from '../../domain/blocks.ts';
import type { VolumeKey } from '../../domain/catalogue.ts';
import type { FailbackEstimate } from '../../domain/estimate-schema.ts';
import { secondsBetween } from '../../domain/duration.ts';
import {
  estimateFailback,
  isCopyCheaper,
  isOverLimit,
  lostLineages,
  type VolumeDelta,
  volumeLine,
} from '../../domain/estimate.ts';
import type { Poll } from '../../domain/poll.ts';
import { Failure } from '../../domain/failure.ts';
import { metrics } from '../../names.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { publish } from '../operation/publish.ts';
import type { Context, Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { areRelated, cutTransfer } from '../transfer/list-blocks.ts';
import { isReverse } from './reverse.ts';
import type { ServingVolume } from './serving-snapshots.ts';

/** What bringing these volumes home would move, take and cost, each by its own method. Moves nothing. */
export async function estimateWays(
  services: Services,
  context: Context,
  volumes: readonly ServingVolume[],
): Promise<FailbackEstimate> {
  const plan = await services.planOf(context);
  const found = new Map<string, VolumeDelta>();
  await sideBySide(volumes, async (volume) => {
    found.set(volume.key, await wayOf(services, plan.recovery.region, volume));
  });
  const measured = await services.catalogue.phaseTimes(plan.name);
  const deltas = volumes.flatMap(({ key }) => found.get(key) ?? []);
  return estimateFailback(deltas, { plan, measured, sinceSeconds: sinceBase(volumes) });
}

/** By delta, or by comparison where AWS lists no changes; as a whole where there is nothing to build on, or that is cheaper. */
async function wayOf(
  services: Services,
  region: string,
  { key, snapshot, base, lost }: ServingVolume,
): Promise<VolumeDelta> {
  const { id, sizeGib, fullBytes = sizeGib * 1024 ** 3 } = snapshot;
  const writtenBlocks = Math.ceil(fullBytes / blockBytes);
  const copied = { volume: key, listedBlocks: writtenBlocks, method: 'native-full', units: 0, writtenBlocks } as const;
  if (lost !== undefined) return { ...copied, lost };
  const pair = { region, base: base.recoverySnapshot, snapshot: id, sizeGib };
  const { units, listedBlocks, sharedBlocks, method } = await cutTransfer(services, pair);
  if (method === 'compare' && isCopyCheaper({ listedBlocks, sharedBlocks, fullBytes })) return copied;
  return { volume: key, listedBlocks, method, units: units.length, writtenBlocks };
}

/** How long what serves has been changing: since the youngest base, the shortest of all. */
function sinceBase(volumes: readonly ServingVolume[]): number {
  return Math.min(...volumes.map(({ snapshot, base }) => secondsBetween(base.since, snapshot.startedAt)));
}

/**
 * Before volumes come home otherwise than by delta, for more than the plan's limit: asks people, with the estimate. `undefined` where it may go on; what
 * only estimates moves nothing, and no people stand by where rounds protect what serves.
 * @param key of the question
 */
export async function askOfLost(
  services: Services,
  input: Context & { readonly poll: Poll },
  key: string,
  estimate: FailbackEstimate,
): Promise<MayAsk | undefined> {
  const { name, failback } = await services.planOf(input);
  const rule = failback.questions?.lostLineage;
  const { kind, extent } = await services.catalogue.operationOf(input);
  if (kind !== 'failback' || extent === 'estimate') return undefined;
  if (lostLineages(estimate).length === 0 || !isOverLimit(estimate, rule?.above)) return undefined;
  const text = `Plan ${name} is about to come home, and ${lostText(estimate)}. Shall it?`;
  return askFirst(services, input, { key, text, rule });
}

/** What a round may do now: ask first, or move, of which these volumes are copied as a whole by AWS. */
export type WaysNow = { readonly asking: MayAsk } | { readonly copied: ReadonlySet<VolumeKey> };

/**
 * How the volumes of a round come home: as the last estimate said. Where lineage was lost since then, there is a new estimate, which is said, and asked
 * for beyond the plan's limit.
 */
export async function waysNow(
  services: Services,
  input: Context & { readonly poll: Poll },
  number: number,
  volumes: readonly ServingVolume[],
): Promise<WaysNow> {
  const { region } = services.plan(input.plan).recovery;
  const before = (await services.catalogue.operationOf(input)).estimate;
  const methods = new Map(before?.volumes.map(({ volume, method }) => [volume, method]));
  const parted = new Map<VolumeKey, 'lost' | 'unrelated'>();
  await sideBySide(volumes, async ({ key, snapshot, base, lost }) => {
    const pair = { region, base: base.recoverySnapshot, snapshot: snapshot.id };
    if (lost !== undefined) parted.set(key, 'lost');
    else if (!(await areRelated(services, pair))) parted.set(key, 'unrelated');
  });
  const isKnown = [...parted].every(([key, how]) => {
    const method = methods.get(key);
    return method === 'native-full' || (method === 'compare' && how === 'unrelated');
  });
  if (isKnown) return { copied: new Set([...parted.keys()].filter((key) => methods.get(key) === 'native-full')) };
  const estimate = await estimateWays(services, input, volumes);
  const asking = await askOfLost(services, input, `lost-lineage-${number}`, estimate);
  if (asking !== undefined) return { asking };
  await services.catalogue.addEvent(input.operation, services.now(), `round ${number}: ${lostText(estimate)}`);
  await tellUnasked(services, input, estimate);
  await services.catalogue.updateOperation(input, { estimate });
  const copied = estimate.volumes.filter(({ method }) => method === 'native-full').map(({ volume }) => volume);
  return { copied: new Set(copied) };
}

/**
 * Reverse protection asks nobody. What exceeds the limit of a plan that wants to be asked does not come home by it; of what AWS copies as a whole an
 * alarm tells.
 * @throws Failure LineageLost
 */
async function tellUnasked(services: Services, input: Context, estimate: FailbackEstimate): Promise<void> {
  if (!isReverse(await services.catalogue.operationOf(input))) return;
  const { name, failback } = await services.planOf(input);
  const rule = failback.questions?.lostLineage;
  if (rule !== undefined && isOverLimit(estimate, rule.above))
    throw new Failure(
      'LineageLost',
      `Nothing came home of plan ${name}: ${lostText(estimate)} That is more than failback.questions.lostLineage lets move unasked. Start the failback, which asks, or raise the limit; until then what serves is not protected.`,
    );
  const copies = estimate.volumes.filter(({ method }) => method === 'native-full').length;
  await publish(services, { plan: name, step: 'failback/round' }, [
    { metric: metrics.unexpectedFullCopies, value: copies },
  ]);
}

function lostText(estimate: FailbackEstimate): string {
  const { gib, minutes, dollars } = estimate;
  const sum = `${gib.toFixed(2)} GiB, about ${Math.ceil(minutes)} minutes, $${dollars.toFixed(2)} in all`;
  return `not all volumes can come home by delta:${lostLineages(estimate).map(volumeLine).join(';')}. ${sum}`;
}
