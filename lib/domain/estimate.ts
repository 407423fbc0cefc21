import { blockBytes, blocksPerSecondMax } from './blocks.ts';
import type { VolumeKey } from './catalogue.ts';
import type { FailbackEstimate } from './estimate-schema.ts';
import { pauseSecondsOf, predictPause, snapshotSeconds } from './cut-over.ts';
import type { PhaseTime } from './phase-times.ts';
import { forecastCopy } from './native-copy.ts';
import { estimateFullCopy } from './payback.ts';
import type { MoveLimit, Plan } from './plan.ts';
import {
  getDollarsPerBlock,
  listDollars,
  putDollarsPerBlock,
  snapshotDollarsPerMonth,
  transferDollars,
} from './prices.ts';
import type { TransferMethod } from './replication-record.ts';

/** What is to be moved of a volume, or looked at. */
export interface VolumeDelta {
  readonly volume: VolumeKey;
  readonly listedBlocks: number;
  readonly method: TransferMethod;
  /** Units of its transfer. */
  readonly units: number;
  /** Blocks that its snapshot has. */
  readonly writtenBlocks: number;
  /** Why AWS has to copy everything. */
  readonly lost?: string;
}

export interface Circumstances {
  /** With the servers that are away. */
  readonly plan: Plan;
  readonly measured: readonly PhaseTime[];
  /** Since what serves was at one with what is at home. */
  readonly sinceSeconds: number;
}

/** Of an account in these Regions; in all others a fifth. @source aws-facts [2.9] */
const largeRegions = ['us-east-1', 'us-east-2', 'us-west-2', 'ap-southeast-1', 'eu-west-1'];
const accountBlocksPerSecond = (region: string) => (largeRegions.includes(region) ? 5_000 : 1_000);

/** Blocks on a page of a list, which follows what is written and not what changed. @source aws-facts [2.5], [9.2] */
const blocksPerPage = 10_000;

type Work = Omit<FailbackEstimate['volumes'][number], 'volume'>;

/**
 * What a failback would move now, volume by volume and in sum. Volumes move side by side: the largest sets the time, or what the account may read
 * and write in either Region. Of volumes that are compared nobody knows beforehand what differs: they count with all that both images have, which
 * is the most it can be.
 */
export function estimateFailback(
  deltas: readonly VolumeDelta[],
  { plan, measured, sinceSeconds }: Circumstances,
): FailbackEstimate {
  const volumes = deltas.map((delta) => ({ volume: delta.volume, ...workOf(delta) }));
  const sum = (of: (work: Work) => number) => volumes.reduce((total, volume) => total + of(volume), 0);
  const [gets, puts, changedBlocks] = [sum(({ gets: of }) => of), sum(({ puts: of }) => of), sum(blocksOf)];
  const largest = Math.max(0, ...volumes.map(({ changedBlocks: of }) => of));
  const seconds = Math.max(
    ...deltas.map(secondsOf),
    gets / accountBlocksPerSecond(plan.recovery.region),
    puts / accountBlocksPerSecond(plan.primary.region),
  );
  const lastBlocks = changedMeanwhile(largest, seconds + snapshotSeconds, sinceSeconds);
  const pause = predictPause(plan, measured, lastBlocks);
  return {
    volumes,
    changedBlocks,
    gib: gibOf(changedBlocks),
    gets,
    puts,
    lists: sum((work) => work.lists),
    minutes: round(seconds / 60),
    dollars: round(sum((work) => work.dollars)),
    transferDollars: round(transferDollars(changedBlocks * blockBytes)),
    storageDollarsPerMonth: round(snapshotDollarsPerMonth((changedBlocks + puts) * blockBytes)),
    pauseSeconds: pauseSecondsOf(pause),
    pause,
  };
}

function blocksOf({ changedBlocks }: Work): number {
  return changedBlocks;
}

function secondsOf({ method, listedBlocks }: VolumeDelta): number {
  if (method !== 'native-full') return listedBlocks / blocksPerSecondMax;
  return forecastCopy({ fullBytes: listedBlocks * blockBytes, lastSeconds: undefined }).seconds;
}

/** A block that is moved is read once and written once; to be compared it is read of both images. Lists: to cut, by each unit of its own, and to verify. */
function workOf(delta: VolumeDelta): Work {
  const { listedBlocks, method, units, writtenBlocks, lost } = delta;
  const isMoved = method !== 'native-full';
  const gets = method === 'compare' ? 2 * listedBlocks : isMoved ? listedBlocks : 0;
  const puts = isMoved ? listedBlocks : 0;
  const lists = isMoved ? 3 * Math.max(1, Math.ceil(writtenBlocks / blocksPerPage)) + units : 0;
  const requests = gets * getDollarsPerBlock + puts * putDollarsPerBlock + listDollars(lists);
  return {
    changedBlocks: listedBlocks,
    gib: gibOf(listedBlocks),
    method,
    ...(lost === undefined ? {} : { lost }),
    gets,
    puts,
    lists,
    minutes: round(secondsOf(delta) / 60),
    dollars: round(requests + transferDollars(listedBlocks * blockBytes)),
  };
}

/** A comparison as its listing tells it before anything is read. */
export interface Comparing {
  readonly listedBlocks: number;
  /** Blocks that both images have; all others are written for certain. */
  readonly sharedBlocks: number;
  readonly fullBytes: number;
}

/**
 * Whether AWS's copy of everything is cheaper than a comparison even if of the blocks that both images have none differs: so it is where most of the older
 * image is not in the new one, and would have to be written as zeros. With a month of what is stored once more.
 */
export function isCopyCheaper({ listedBlocks, sharedBlocks, fullBytes }: Comparing): boolean {
  const written = listedBlocks - sharedBlocks;
  const requests = 2 * sharedBlocks * getDollarsPerBlock + written * putDollarsPerBlock;
  const bytes = written * blockBytes;
  return estimateFullCopy(fullBytes).dollars < requests + transferDollars(bytes) + snapshotDollarsPerMonth(bytes);
}

/** The volumes of an estimate that do not come home by a delta. */
export function lostLineages({ volumes }: FailbackEstimate): FailbackEstimate['volumes'] {
  return volumes.filter(({ method }) => method !== 'delta');
}

/** Whether people are to be asked before so much is moved: more than either limit, or anything where there is none. */
export function isOverLimit({ dollars, minutes }: FailbackEstimate, above: MoveLimit | undefined): boolean {
  if (above === undefined) return true;
  const { dollars: dollarsMax = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = above;
  return dollars > dollarsMax || minutes * 60 > seconds;
}

/** Blocks that the last round still has to move: what changes while the one before it moves, at the pace at which these have changed. */
function changedMeanwhile(blocks: number, seconds: number, sinceSeconds: number): number {
  return Math.min(blocks, Math.ceil((blocks * seconds) / Math.max(1, sinceSeconds)));
}

/** Another round while recovery serves helps only if the pause is still too long for the plan. */
export function isAnotherRoundNeeded(
  round: { readonly number: number; readonly largestBlocks: number },
  plan: Plan,
  measured: readonly PhaseTime[],
): boolean {
  const { roundsMax, pauseLimitSeconds } = plan.failback;
  const pauseSeconds = pauseSecondsOf(predictPause(plan, measured, round.largestBlocks));
  return round.number < roundsMax && pauseSeconds > pauseLimitSeconds;
}

/** The estimate in lines for people: the sum, each volume with its method and why, what it costs, and what the pause is made of. */
export function estimateLines(estimate: FailbackEstimate): string[] {
  const { volumes, changedBlocks, gib, minutes, dollars, pauseSeconds, pause } = estimate;
  const compared = volumes.filter(({ method }) => method === 'compare').map(({ volume }) => volume);
  const most =
    compared.length === 0
      ? ''
      : `at most, since ${compared.join(', ')} can only be compared as a whole with what is at home: `;
  const parts = pause.map(
    ({ phase, seconds, measuredBy }) =>
      `${phase} ${Math.round(seconds)} s (${measuredBy ?? (phase === 'last delta' ? 'reckoned' : 'assumed')})`,
  );
  return [
    `estimate: ${most}${changedBlocks} changed blocks (${gib.toFixed(2)} GiB), ${minuteWords(minutes)} to move while recovery serves, $${dollars.toFixed(2)}; then servers pause for about ${Math.ceil(pauseSeconds / 60)} minutes`,
    ...volumes.map(volumeLine),
    `  requests: ${requestWords(estimate)}; of the dollars $${estimate.transferDollars.toFixed(2)} are transfer between Regions; the snapshots cost $${estimate.storageDollarsPerMonth.toFixed(2)} a month while they are kept`,
    ...(parts.length === 0 ? [] : [`  pause: ${parts.join(', ')}`]),
  ];
}

/** A volume of an estimate, with its method and why. */
export function volumeLine(volume: FailbackEstimate['volumes'][number]): string {
  const why = {
    delta: 'by delta: AWS lists the changes',
    compare: 'by comparison: AWS lists no changes against what is at home, so both are read',
    'native-full': `as a whole by AWS: ${volume.lost ?? 'reading both sides costs more'}`,
  }[volume.method];
  return `  ${volume.volume}: ${volume.changedBlocks} blocks (${volume.gib.toFixed(2)} GiB), ${requestWords(volume)}, ${minuteWords(volume.minutes)}, $${volume.dollars.toFixed(2)}; ${why}`;
}

function requestWords({ gets, puts, lists }: Pick<FailbackEstimate, 'gets' | 'puts' | 'lists'>): string {
  return `${gets} gets, ${puts} puts, ${lists} lists`;
}

function minuteWords(minutes: number): string {
  return minutes < 1 ? 'less than a minute' : `about ${Math.ceil(minutes)} minutes`;
}

function gibOf(blocks: number): number {
  return round((blocks * blockBytes) / 1024 ** 3);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
