import { describe, expect, it } from 'vitest';
import type { Operation } from '../../lib/domain/catalogue.ts';
import { measuredPause, pauseSecondsOf, predictPause } from '../../lib/domain/cut-over.ts';
import {
  estimateFailback,
  estimateLines,
  isAnotherRoundNeeded,
  isCopyCheaper,
  isOverLimit,
  lostLineages,
  type VolumeDelta,
} from '../../lib/domain/estimate.ts';
import { newOperation } from '../../lib/domain/new-items.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { shop } from '../../proof/shop.ts';

/** One server in one wave, and no records: 60 s each to stop, to snapshot, to rebuild and to start, 120 s to be healthy. */
const bare: Plan = {
  ...shop,
  servers: Object.fromEntries(Object.entries(shop.servers).filter(([name]) => name === 'db')),
  traffic: [],
  failback: { ...shop.failback, pauseLimitSeconds: 400, roundsMax: 4 },
};
/** Account quotas of 1,000 blocks a second in the recovery Region and of 5,000 at home. */
const circumstances = { plan: bare, measured: [], sinceSeconds: 86_400 };
const delta = (more: Partial<VolumeDelta> = {}): VolumeDelta => ({
  volume: 'db:/dev/sdf',
  listedBlocks: 102_400,
  method: 'delta',
  units: 103,
  writtenBlocks: 1_024_000,
  ...more,
});

describe('the failback estimate', () => {
  it('says what 50 GiB cost and take, as the fact sheet has it', () => {
    const estimate = estimateFailback([delta()], circumstances);
    // aws-facts 9.2: 0.307 + 0.614 for the API and 1.00 for 50 GiB (taken there as 50 GB) of transfer; 102 s; 103 lists of 500 GiB written.
    expect(estimate).toMatchObject({ gib: 50, changedBlocks: 102_400, gets: 102_400, puts: 102_400 });
    expect(estimate.dollars).toBeCloseTo(0.307 + 0.614 + 50 * 1.073741824 * 0.02, 2);
    expect(estimate.transferDollars).toBeCloseTo(1.074, 3);
    // 53.69 GB in both Regions at 0.05.
    expect(estimate.storageDollarsPerMonth).toBeCloseTo(5.369, 3);
    expect(estimate.minutes).toBeCloseTo(102.4 / 60, 3);
    // Three times the pages of what is written, and one for each unit.
    expect(estimate.lists).toBe(3 * 103 + 103);
    expect(estimate.volumes).toEqual([
      expect.objectContaining({ volume: 'db:/dev/sdf', method: 'delta', gets: 102_400, minutes: 1.707 }),
    ]);
  });

  it('counts what is read of both sides where they can only be compared, in the Region of the functions', () => {
    const estimate = estimateFailback([delta({ method: 'compare' })], circumstances);
    expect(estimate.volumes).toMatchObject([{ changedBlocks: 102_400, gib: 50, method: 'compare', gets: 204_800 }]);
    expect(estimate.dollars).toBeCloseTo(2 * 0.307 + 0.614 + 50 * 1.073741824 * 0.02, 2);
    // The account reads no more than 1,000 blocks a second there.
    expect(estimate.minutes).toBeCloseTo(204.8 / 60, 3);
  });

  it('says what AWS copies as a whole: no requests, the transfer, one more chain at home, and the time that AWS takes', () => {
    const lost = 'snap-1 in us-west-2 is gone';
    const estimate = estimateFailback([delta({ method: 'native-full', units: 0, lost })], circumstances);
    // 50 GiB are 53.687 GB: $0.02 each to transfer, $0.05 a month each to keep; 100 MiB a second.
    expect(estimate).toMatchObject({ gib: 50, changedBlocks: 102_400, gets: 0, puts: 0, lists: 0, dollars: 1.074 });
    expect([estimate.transferDollars, estimate.storageDollarsPerMonth]).toEqual([1.074, 2.684]);
    expect(estimate.minutes).toBeCloseTo(512 / 60, 3);
    expect(estimateLines(estimate)[1]).toMatch(
      /^ {2}db:\/dev\/sdf: 102400 blocks .* as a whole by AWS: snap-1 in us-west-2 is gone$/,
    );
    expect(lostLineages(estimate).map(({ volume }) => volume)).toEqual(['db:/dev/sdf']);
    expect(lostLineages(estimateFailback([delta()], circumstances))).toEqual([]);
    expect(estimateLines(estimateFailback([delta({ method: 'native-full' })], circumstances))[1]).toMatch(
      /reading both sides costs more$/,
    );
  });

  it('takes a copy for cheaper than a comparison only where that would write more than the copy moves, whatever the rest is', () => {
    // 100 GiB of the older image are not in the new one of 10 GiB: 204,800 zero blocks, $1.23 to put, $2.15 and $5.37 to move and keep; the copy $0.75.
    const fullBytes = 10 * 1024 ** 3;
    expect(isCopyCheaper({ listedBlocks: 204_800 + 20_480, sharedBlocks: 20_480, fullBytes })).toBe(true);
    expect(isCopyCheaper({ listedBlocks: 20_480, sharedBlocks: 20_480, fullBytes })).toBe(false);
    // $0.0844 a GiB to write, $0.0752 to copy: of 10 GiB all new, none shared.
    expect(isCopyCheaper({ listedBlocks: 20_480, sharedBlocks: 0, fullBytes })).toBe(true);
    expect(isCopyCheaper({ listedBlocks: 20_480, sharedBlocks: 10_240, fullBytes })).toBe(false);
  });

  it('is over a limit by money or by time, and over none where none is set', () => {
    const estimate = estimateFailback([delta()], circumstances);
    expect(isOverLimit(estimate, undefined)).toBe(true);
    expect(
      [{}, { dollars: 2 }, { dollars: 1 }, { seconds: 103 }, { seconds: 102 }, { dollars: 2, seconds: 102 }].map(
        (above) => isOverLimit(estimate, above),
      ),
    ).toEqual([false, false, true, false, true, true]);
  });

  it('shares the quotas of the account between volumes', () => {
    const volumes = [delta(), delta({ volume: 'db:/dev/sdg' }), delta({ volume: 'db:/dev/sdh', listedBlocks: 10 })];
    const away = { ...circumstances, plan: { ...bare, recovery: { ...bare.recovery, region: 'us-west-2' } } };
    expect(estimateFailback(volumes, circumstances).minutes).toBeCloseTo(204.81 / 60, 2);
    // There 5,000 a second are read, and at home as many written: the largest sets the time.
    expect(estimateFailback(volumes, away).minutes).toBeCloseTo(102.4 / 60, 3);
  });

  it('takes the last round for what changes while the one before it moves', () => {
    const pauseOf = (sinceSeconds: number) => estimateFailback([delta()], { ...circumstances, sinceSeconds });
    // 102,400 blocks in a day: 193 of them in the 162.4 s of a round and its snapshots.
    expect(pauseOf(86_400).pause).toContainEqual({ phase: 'last delta', seconds: 1, measuredBy: null });
    expect(pauseOf(86_400).pauseSeconds).toBe(361);
    expect(pauseOf(1_000).pause).toContainEqual({ phase: 'last delta', seconds: 17, measuredBy: null });
    expect(pauseOf(0).pause).toContainEqual({ phase: 'last delta', seconds: 103, measuredBy: null });
  });

  it('is told in sum, by volume with its method, and by what the pause is made of', () => {
    const [sum = '', first = '', second = '', requests = '', pause = ''] = estimateLines(
      estimateFailback([delta(), delta({ volume: 'db:/dev/sdg', method: 'compare', listedBlocks: 10 })], circumstances),
    );
    expect(sum).toMatch(
      /^estimate: at most, since db:\/dev\/sdg can only be compared .* 102410 changed blocks \(50.01 GiB\)/,
    );
    expect(first).toMatch(
      /^ {2}db:\/dev\/sdf: 102400 blocks \(50.00 GiB\), 102400 gets, 102400 puts, 412 lists, about 2 minutes, \$2.00; by delta: /,
    );
    expect(second).toMatch(/^ {2}db:\/dev\/sdg: 10 blocks .* less than a minute, \$0.00; by comparison: /);
    expect(requests).toContain('requests: 102420 gets, 102410 puts, 824 lists; of the dollars $1.07 are transfer');
    expect(pause).toContain(
      'pause: stop of recovery 60 s (assumed), last snapshots 60 s (assumed), last delta 1 s (reckoned)',
    );
  });

  it('of nothing is nothing', () => {
    expect(estimateFailback([], circumstances)).toMatchObject({ changedBlocks: 0, dollars: 0, minutes: 0 });
  });
});

describe('the pause of a cut-over', () => {
  const at = (second: number) => new Date(Date.parse('2026-01-05T10:00:00.000Z') + second * 1_000).toISOString();
  const start = {
    plan: 'shop',
    id: 'failback-1',
    kind: 'failback',
    epoch: 2,
    trigger: 'kim',
    recoveryPoint: null,
  } as const;
  const steps: [number, string][] = [
    [0, 'estimating'],
    [10, 'waiting for an answer: cut-over'],
    [500, 'stopping recovery'],
    [530, 'final round'],
    [600, 'rebuilding volumes'],
    [640, 'starting wave 1'],
    [660, 'wave 1'],
    [735, 'switching traffic'],
  ];
  const failback: Operation = {
    ...newOperation({ ...start, startedAt: at(0) }),
    progressed: steps.map(([second, progression]) => ({ at: at(second), progression })),
    rounds: [{ number: 2, isFinal: true, startedAt: at(530), endedAt: at(600), blocksMoved: 20_000 }],
  };

  it('is measured by a failback, without what people took to answer and what its blocks took', () => {
    const seconds = measuredPause(failback, at(765)).map(({ phase, seconds: took }) => [phase, took]);
    expect(Object.fromEntries(seconds)).toEqual({
      'stop of recovery': 30,
      'last snapshots': 50,
      'rebuild of volumes': 40,
      'start of wave 1 at home': 20,
      'health of wave 1 at home': 75,
      'traffic home': 30,
    });
    const quick = { ...failback, rounds: failback.rounds.map((round) => ({ ...round, blocksMoved: 900_000 })) };
    expect(measuredPause(quick, at(765))).toContainEqual(
      expect.objectContaining({ phase: 'last snapshots', seconds: 0 }),
    );
    expect(measuredPause({ ...failback, rounds: [], progressed: [] }, at(765))).toEqual([]);
  });

  it('is predicted by what the last failback took, a wave else by how it came up away', () => {
    const pause = predictPause(bare, measuredPause(failback, at(765)), 5_000);
    expect(pauseSecondsOf(pause)).toBe(30 + 50 + 5 + 40 + 20 + 75);
    expect(pause[0]).toEqual({ phase: 'stop of recovery', seconds: 30, measuredBy: 'failback-1' });
    const away = [{ plan: 'shop', phase: 'health of wave 1', seconds: 33, operation: 'drill-1' }];
    expect(predictPause(bare, away, 0)).toContainEqual({
      phase: 'health of wave 1 at home',
      seconds: 33,
      measuredBy: 'drill-1',
    });
  });

  it('has each wave of the plan, and its traffic where it has records', () => {
    const phases = predictPause(shop, [], 0).map(({ phase }) => phase);
    expect(phases.slice(-5)).toEqual([
      'start of wave 1 at home',
      'health of wave 1 at home',
      'start of wave 2 at home',
      'health of wave 2 at home',
      'traffic home',
    ]);
  });
});

describe('another round before the cut-over', () => {
  // 360 s of stopping and starting, and 1,000 blocks a second.
  const long = 41_000;
  const short = 40_000;

  it('is made while the predicted pause is longer than the plan allows', () => {
    expect(isAnotherRoundNeeded({ number: 1, largestBlocks: long }, bare, [])).toBe(true);
    expect(isAnotherRoundNeeded({ number: 1, largestBlocks: short }, bare, [])).toBe(false);
  });

  it('is never made beyond the number that the plan allows', () => {
    expect(isAnotherRoundNeeded({ number: 3, largestBlocks: long }, bare, [])).toBe(true);
    expect(isAnotherRoundNeeded({ number: 4, largestBlocks: long }, bare, [])).toBe(false);
  });
});
