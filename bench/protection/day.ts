import type { PointHeader } from '../../lib/domain/catalogue.ts';
import { synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import { bytesPerBlock, change, changePerHour, fill, firstPoint, fleetPlan, fleetWorld, writtenGib } from '../fleet.ts';
import { optimumOf, type Spread, spreadOf } from './optimum.ts';
import { Meter, type Use } from './use.ts';

const minuteMs = 60_000;

export interface DayOptions {
  readonly servers: number;
  readonly everyMinutes: number;
  readonly hours: number;
}

/** Ages in seconds. */
export interface Day {
  readonly servers: number;
  readonly volumes: number;
  readonly everyMinutes: number;
  readonly hours: number;
  readonly points: number;
  readonly failedRuns: number;
  readonly skippedTicks: number;
  readonly rpo: Spread;
  /** At the same schedule, and where points followed each other as fast as the copies allow. */
  readonly optimum: { readonly sameSchedule: Spread; readonly anySchedule: Spread };
  /** From the first snapshot of a point until it was available: the longest, and what the quotas permit. */
  readonly pointSeconds: { readonly longest: number; readonly optimum: number };
  readonly rpoTargetSeconds: number;
  readonly secondsBeyondTarget: number;
  /** Of the last hour. */
  readonly use: Use;
  readonly wallSeconds: number;
}

/**
 * A fleet under protection, hour by hour: each time all hours so far. The first point copies everything and is waited for beforehand.
 */
export async function* protectFleet({ servers, everyMinutes, hours }: DayOptions): AsyncGenerator<Day> {
  const begun = process.hrtime.bigint();
  const plan = fleetPlan({ everyMinutes });
  const assembly = await synthesize([plan]);
  const stage = await Stage.open({ plan, world: fleetWorld(servers), seed: 1, assembly: assembly.directory });
  try {
    const volumes = fill(stage);
    change(stage, volumes);
    await firstPoint(stage);
    await stage.clock.advance(everyMinutes * minuteMs);
    const from = stage.clock.now();
    const seen = new Map<string, PointHeader>();
    for (let hour = 1; hour <= hours; hour += 1) {
      const meter = new Meter(stage);
      await stage.clock.advance(60 * minuteMs);
      const headers = await stage.clock.settle(stage.catalogue.pointHeaders(plan.name));
      for (const header of headers) if (header.sealedAt !== null) seen.set(header.id, header);
      const wallSeconds = Number(process.hrtime.bigint() - begun) / 1e9;
      const size = { servers, volumes: volumes.length, everyMinutes, hours: hour };
      yield { ...size, ...numbersOf(stage, [...seen.values()], { ...size, from }), use: meter.use(), wallSeconds };
    }
  } finally {
    stage.close();
    assembly.remove();
  }
}

type Size = Pick<Day, 'servers' | 'volumes' | 'everyMinutes' | 'hours'>;

/** What became of the points since `from`, in milliseconds since 1970. */
function numbersOf(
  stage: Stage,
  points: readonly PointHeader[],
  { volumes, everyMinutes, from }: Size & { readonly from: number },
): Omit<Day, keyof Size | 'use' | 'wallSeconds'> {
  const { timings } = stage.cloud.services(stage.plan.recovery.region).ec2.state;
  const { rpoTargetSeconds } = stage.plan.protection;
  const ages = agesBetween(points, from, stage.clock.now());
  const changedBlocks = (writtenGib * 1024 ** 3 * changePerHour * everyMinutes) / 60 / bytesPerBlock;
  const seconds = (baseMs: number, bytesPerSecond: number) =>
    baseMs / 1_000 + (changedBlocks * 524_288) / bytesPerSecond;
  const fleet = {
    volumes,
    everySeconds: everyMinutes * 60,
    snapshotSeconds: seconds(timings.snapshotBaseMs, timings.snapshotBytesPerSecond),
    copySeconds: seconds(timings.copyBaseMs, timings.copyBytesPerSecond),
  };
  const optimum = optimumOf(fleet);
  const runs = stage.executions('protect').filter(({ startedAt }) => startedAt >= from);
  return {
    points: points.length,
    failedRuns: runs.filter(({ status }) => status !== 'SUCCEEDED' && status !== 'RUNNING').length,
    skippedTicks: runs.filter(({ output }) => (output as { skipped?: boolean } | undefined)?.skipped === true).length,
    rpo: spreadOf(ages),
    optimum: {
      sameSchedule: optimum.rpo,
      anySchedule: optimumOf({ ...fleet, everySeconds: optimum.pointSeconds }).rpo,
    },
    pointSeconds: { longest: Math.max(...points.map(durationOf)), optimum: optimum.pointSeconds },
    rpoTargetSeconds,
    secondsBeyondTarget: ages.filter((age) => age > rpoTargetSeconds).length,
  };
}

function durationOf({ startedAt, sealedAt }: PointHeader): number {
  return (Date.parse(sealedAt ?? '') - Date.parse(startedAt)) / 1_000;
}

/** How old the newest available point was, second by second. */
function agesBetween(points: readonly PointHeader[], from: number, until: number): number[] {
  const sealed = points
    .map(({ startedAt, sealedAt }) => ({ started: Date.parse(startedAt), sealed: Date.parse(sealedAt ?? '') }))
    .toSorted((a, b) => a.sealed - b.sealed);
  const ages: number[] = [];
  let newest = 0;
  for (let at = from; at < until; at += 1_000) {
    while ((sealed[newest + 1]?.sealed ?? Number.POSITIVE_INFINITY) <= at) newest += 1;
    const point = sealed[newest];
    if (point !== undefined && point.sealed <= at) ages.push((at - point.started) / 1_000);
  }
  return ages;
}
