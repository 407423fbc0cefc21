import { describe, expect, it } from 'vitest';
import { nextPoll, nextPollWithin, nextPromptPoll, type Poll, pollingSeconds } from '../../lib/domain/poll.ts';

const start = new Date('2026-01-05T10:00:00.000Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1_000);

class Overdue extends Error {}
const within = (poll: Poll, isDone: boolean, at: Date) =>
  nextPollWithin(poll, isDone, at, { withinSeconds: 600, overdue: () => new Overdue() });

describe('a poll', () => {
  it('looks again after 5 s, and then after pauses that grow by half up to a minute', () => {
    const pauses: number[] = [];
    let poll: Poll = { polls: 0 };
    for (let look = 0; look < 9; look += 1) {
      const next = nextPoll(poll, false, start);
      pauses.push(next.waitSeconds);
      poll = next;
    }
    expect(pauses).toEqual([5, 8, 11, 17, 25, 38, 57, 60, 60]);
  });

  it('for which people wait never loses more than 5 s or a twentieth of what it took, and still looks seldom in the end', () => {
    let at = 0;
    let looks = 0;
    for (let poll: Poll = { polls: 0 }; at < 3_600; looks += 1) {
      const next = nextPromptPoll(poll, false, after(at));
      expect(next.waitSeconds).toBeGreaterThanOrEqual(5);
      expect(next.waitSeconds).toBeLessThanOrEqual(Math.max(5, at / 20 + 0.5));
      at += next.waitSeconds;
      poll = next;
    }
    expect(looks).toBeLessThan(120);
  });

  it('for which people wait and which must end looks as promptly', () => {
    const poll = { polls: 5, since: start.toISOString() };
    const limit = { withinSeconds: 600, isPrompt: true, overdue: () => new Overdue() } as const;
    expect(nextPollWithin(poll, false, after(60), limit)).toEqual(nextPromptPoll(poll, false, after(60)));
    expect(() => nextPollWithin(poll, false, after(601), limit)).toThrow(Overdue);
  });

  it('counts the time from its first look', () => {
    const first = nextPoll({ polls: 0 }, false, start);
    const second = nextPoll(first, false, after(5));
    expect([second.polls, second.since]).toEqual([2, start.toISOString()]);
    expect([pollingSeconds({ polls: 0 }, after(99)), pollingSeconds(second, after(99))]).toEqual([0, 99]);
  });

  it('ends when what it waits for takes longer than it may, and not before', () => {
    const poll = { polls: 3, since: start.toISOString() };
    expect(within(poll, false, after(600)).done).toBe(false);
    expect(() => within(poll, false, after(601))).toThrow(Overdue);
  });

  it('takes what is done as done, however late', () => {
    expect(within({ polls: 3, since: start.toISOString() }, true, after(86_400)).done).toBe(true);
  });

  it('never ends at its first look', () => {
    expect(within({ polls: 0 }, false, after(86_400))).toMatchObject({ done: false, polls: 1 });
  });
});
