import { describe, expect, it } from 'vitest';
import { launchesSeconds, launchSecond, registrationSecond, secondsToTurn } from '../../lib/domain/pace.ts';

/** AWS's token buckets, written out: requests at these seconds, in order; gives how many tokens were wanting at worst. */
function wanting(seconds: readonly number[], size: number, perSecond: number): number {
  let [tokens, at, worst] = [size, 0, 0];
  for (const second of seconds) {
    tokens = Math.min(size, tokens + (second - at) * perSecond) - 1;
    at = second;
    worst = Math.max(worst, -tokens);
  }
  return worst;
}

const turns = (secondOf: (index: number) => number) => Array.from({ length: 300 }, (_, index) => secondOf(index));

describe('the turns of the servers of a wave', () => {
  it('never ask for more than AWS takes, and waste nothing: 300 servers are launched in 148 s, as the fact sheet has it', () => {
    const launches = turns(launchSecond);
    expect(wanting(launches, 5, 2)).toBe(0);
    expect([launches[4], launches[5], launches[299]]).toEqual([0, 1, 148]);
    // Of more servers the others follow.
    expect([0, 5, 105, 300, 306].map(launchesSeconds)).toEqual([0, 0, 50, 148, 148 + 1]);
    const registrations = turns(registrationSecond);
    expect(wanting(registrations, 50, 5)).toBe(0);
    expect(registrations[299]).toBe(51);
  });

  it('come in time: nobody waits once it is there', () => {
    const poll = { polls: 1, since: '2026-01-05T09:00:00.000Z' };
    const at = (seconds: number) => new Date(Date.parse(poll.since) + seconds * 1_000);
    expect([0, 7.2, 8, 90].map((seconds) => secondsToTurn(poll, 8, at(seconds)))).toEqual([8, 1, 0, 0]);
    expect(secondsToTurn({ polls: 0 }, 8, at(0))).toBe(8);
  });
});
