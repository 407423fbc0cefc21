import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CopyDemand,
  dueAt,
  longestFirst,
  placesFor,
  secondsToTarget,
  togetherSeconds,
} from '../../lib/domain/copy-queue.ts';

const now = new Date('2026-01-05T10:00:00Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000).toISOString();

function demand(plan: string, waiting: number, dueSeconds: number, untilSeconds = 60): CopyDemand {
  return { plan, operation: `protect-${plan}`, waiting, dueAt: at(dueSeconds), until: at(untilSeconds) };
}

describe('the time left to a plan', () => {
  it('is what its target leaves of the age of its newest point', () => {
    const urgency = { startedAt: at(-60), newestStartedAt: at(-600), rpoTargetSeconds: 900 };
    expect(secondsToTarget(urgency, now)).toBe(300);
    expect(dueAt(urgency, 120)).toBe(at(180));
  });
  it('counts from the point that waits while there is no other', () => {
    expect(dueAt({ startedAt: at(-60), newestStartedAt: undefined, rpoTargetSeconds: 900 }, 120)).toBe(at(720));
  });
  it('counts a target that is missed long since no more than once', () => {
    expect(dueAt({ startedAt: at(-60), newestStartedAt: at(-90_000), rpoTargetSeconds: 900 }, 120)).toBe(at(-960));
  });
});

describe('places for copies', () => {
  it('go to the plan whose target is missed first, and what it leaves to the next', () => {
    const [slow, soon] = [demand('slow', 30, 3_000), demand('soon', 12, 100)];
    const all = [slow, soon];
    expect([placesFor(soon, all, 20, now), placesFor(slow, all, 20, now)]).toEqual([12, 8]);
  });
  it('are not kept for a note whose time is over: its run has died', () => {
    const slow = demand('slow', 30, 3_000);
    expect(placesFor(slow, [slow, demand('dead', 12, 100, 0)], 20, now)).toBe(20);
  });
  it('are none while other tools have them all', () => {
    const mine = demand('soon', 12, 100);
    expect(placesFor(mine, [mine], 0, now)).toBe(0);
    expect(placesFor(mine, [mine], -3, now)).toBe(0);
  });
});

const demands = fc
  .uniqueArray(
    fc.record({
      plan: fc.stringMatching(/^[a-e][a-e]?$/),
      waiting: fc.nat(30),
      // Few moments, so that many are equal.
      due: fc.integer({ min: -3, max: 3 }),
      until: fc.integer({ min: -1, max: 2 }),
    }),
    { selector: ({ plan }) => plan, maxLength: 8 },
  )
  .map((all) => all.map(({ plan, waiting, due, until }) => demand(plan, waiting, due, until)));

/** Deals one place after the other to the copy that is due first. */
function dealt(all: readonly CopyDemand[], free: number): Map<string, number> {
  const hands = new Map(all.map(({ plan }) => [plan, 0]));
  for (let place = 0; place < free; place += 1) {
    const hungry = all.filter(({ plan, waiting }) => (hands.get(plan) ?? 0) < waiting);
    const [next] = hungry.toSorted((a, b) => `${a.dueAt} ${a.plan}`.localeCompare(`${b.dueAt} ${b.plan}`, 'en'));
    if (next === undefined) break;
    hands.set(next.plan, (hands.get(next.plan) ?? 0) + 1);
  }
  return hands;
}

describe('places for copies, among any plans', () => {
  it('are those that dealing them one by one gives, and together never more than are free', () => {
    fc.assert(
      fc.property(demands, fc.nat(20), (all, free) => {
        const living = all.filter(({ until }) => Date.parse(until) > now.getTime());
        const taken = new Map(living.map((mine) => [mine.plan, placesFor(mine, all, free, now)]));
        expect(taken).toEqual(dealt(living, free));
        const wanted = living.reduce((sum, { waiting }) => sum + waiting, 0);
        expect([...taken.values()].reduce((sum, places) => sum + places, 0)).toBe(Math.min(free, wanted));
      }),
    );
  });

  it('are not kept from a plan by points that are begun long after it waits, however often those fail', () => {
    const urgencies = fc.record({
      startedAgo: fc.nat(100_000),
      newestAgo: fc.option(fc.nat(1_000_000), { nil: undefined }),
      rpoTargetSeconds: fc.integer({ min: 60, max: 86_400 }),
      copySeconds: fc.nat(50_000),
    });
    const later = fc.record({
      after: fc.integer({ min: 1, max: 1_000 }),
      target: fc.integer({ min: 60, max: 86_400 }),
    });
    fc.assert(
      fc.property(urgencies, later, fc.nat(1_000_000_000), ({ startedAgo, newestAgo, ...mine }, other, failedFor) => {
        const newestStartedAt = newestAgo === undefined ? undefined : at(-startedAgo - newestAgo);
        const due = dueAt({ startedAt: at(-startedAgo), newestStartedAt, ...mine }, mine.copySeconds);
        const begun = Date.parse(due) + (other.target + other.after) * 1_000;
        const theirs = dueAt(
          {
            startedAt: new Date(begun).toISOString(),
            newestStartedAt: new Date(begun - failedFor).toISOString(),
            rpoTargetSeconds: other.target,
          },
          50_000,
        );
        expect(Date.parse(theirs)).toBeGreaterThan(Date.parse(due));
      }),
    );
  });
});

describe('the copies of one plan', () => {
  it('begin with the longest', () => {
    const copies = [
      { key: 'b', seconds: 10 },
      { key: 'a', seconds: 10 },
      { key: 'c', seconds: 99 },
    ];
    expect(longestFirst(copies).map(({ key }) => key)).toEqual(['c', 'a', 'b']);
  });
  it('take as long as the longest of them, or as all of them on twenty places', () => {
    expect(togetherSeconds([])).toBe(0);
    expect(togetherSeconds([300, 20, 20])).toBe(300);
    expect(togetherSeconds(Array.from({ length: 60 }, () => 100))).toBe(300);
  });
});
