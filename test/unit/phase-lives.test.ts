import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fence, HolderKind, PlanState } from '../../lib/domain/catalogue.ts';
import { newState } from '../../lib/domain/new-items.ts';
import { type PlanEvent, type Transition, transition } from '../../lib/domain/phase.ts';
import { type Standing, standings } from './standings.ts';

const start = Date.parse('2026-01-05T10:00:00.000Z');
const standingNames = Object.keys(standings) as Standing[];

/** Which standing a state is; none for one that should never be. */
function standingOf({ phase, activeSite, lease, fence, commit }: PlanState): Standing | undefined {
  const isCommitted = lease !== null && commit === lease.operation;
  return standingNames.find((name) => {
    const facts = standings[name];
    // At rest a fence may be left over, or be any; a failover goes on the same way behind all kinds.
    const isFence =
      name === 'home' || name === 'protecting' || name === 'accepting'
        ? true
        : name === 'away' || name === 'guarding' || name === 'fenced' || name === 'left'
          ? fence !== null
          : name === 'owing'
            ? fence !== null && fence.status !== 'confirmed'
            : (fence?.status ?? 'none') === facts.fence;
    return (
      facts.phase === phase &&
      facts.activeSite === activeSite &&
      facts.holder === (lease?.kind ?? 'nobody') &&
      facts.isCommitted === isCommitted &&
      isFence
    );
  });
}

/** One thing that happens to a plan in a random life. `who`: which of the operations, holder or not, old or new. */
interface Chance {
  readonly what: PlanEvent['kind'];
  readonly operationKind: HolderKind;
  readonly who: number;
  readonly isNew: boolean;
  readonly isHolderRunning: boolean;
  readonly status: Fence['status'];
  readonly minutes: number;
}

const kinds: PlanEvent['kind'][] = [
  'open',
  'open',
  'take-over',
  'renew',
  'fence',
  'fence',
  'unfence',
  'commit',
  'commit',
  'close',
];
const chances: fc.Arbitrary<Chance[]> = fc.array(
  fc.record({
    what: fc.constantFrom(...kinds),
    operationKind: fc.constantFrom<HolderKind>('protect', 'failover', 'failback', 'accept'),
    // The newest of the operations most of the time.
    who: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(3)),
    isNew: fc.boolean(),
    isHolderRunning: fc.boolean(),
    status: fc.constantFrom<Fence['status'][]>('confirmed', 'owed', 'isolated', 'waived'),
    minutes: fc.nat(90),
  }),
  { minLength: 20, maxLength: 80 },
);

interface Opened {
  readonly operation: string;
  readonly kind: HolderKind;
  readonly epoch: number;
}

function eventOf(chance: Chance, step: number, at: Date, opened: readonly Opened[]): PlanEvent {
  const { what, isHolderRunning, status } = chance;
  const known = opened[chance.who] ?? { operation: 'failover-nobody', kind: 'failover' as const, epoch: 0 };
  const fresh = { operation: `${chance.operationKind}-${step}`, kind: chance.operationKind };
  const { operation, kind: operationKind } = what === 'open' && chance.isNew ? fresh : known;
  const execution = `arn:${step}`;
  const claim = { operationKind, operation, execution, now: at, isHolderRunning };
  if (what === 'open') return { kind: what, ...claim };
  if (what === 'take-over') return { kind: what, ...claim, isLeftUndone: chance.isNew };
  const by = { operation, epoch: known.epoch };
  if (what === 'renew') return { kind: what, now: at, by };
  if (what === 'fence') return { kind: what, status, now: at, by };
  if (what === 'close') return { kind: what, stoppedServersAt: chance.isNew ? at.toISOString() : null, by };
  return { kind: what, by };
}

function expectPromises(before: PlanState, event: PlanEvent, after: PlanState): void {
  expect(standingOf(after), JSON.stringify(after)).toBeDefined();
  expect((after.failover === null) === (after.activeSite === 'primary')).toBe(true);
  if (after.activeSite === 'recovery') expect(after.fence).not.toBeNull();
  const isClaim = event.kind === 'open' || event.kind === 'take-over';
  expect(after.epoch - before.epoch).toBe(isClaim && after !== before ? 1 : 0);
  if (isClaim) {
    expect([after.activeSite, after.commit]).toEqual([before.activeSite, before.commit]);
    return;
  }
  const isHolder = before.lease?.operation === event.by.operation && before.epoch === event.by.epoch;
  if (!isHolder) expect(after).toBe(before);
  if (event.kind !== 'commit')
    expect([after.activeSite, after.commit, after.failover]).toEqual([
      before.activeSite,
      before.commit,
      before.failover,
    ]);
  if (event.kind === 'commit' && after !== before) expect(after.commit).toBe(event.by.operation);
  if (before.activeSite === 'recovery' && after.activeSite === 'primary')
    expect(before.fence?.status).toBe('confirmed');
}

/** Lives of a plan: whatever is tried, in whatever order, what holds after each event. Counts the standings that were seen. */
function live(change: (state: PlanState, event: PlanEvent) => Transition, lives: fc.Arbitrary<Chance[]>) {
  const seen = new Map<Standing, number>();
  const property = fc.property(lives, (life) => {
    let state = newState('shop');
    let at = start;
    const opened: Opened[] = [];
    for (const [step, chance] of life.entries()) {
      at += chance.minutes * 60_000;
      const event = eventOf(chance, step, new Date(at), opened);
      const made = change(state, event);
      const next = made.kind === 'done' ? made.state : state;
      expectPromises(state, event, next);
      if ((event.kind === 'open' || event.kind === 'take-over') && next !== state)
        opened.unshift({ operation: event.operation, kind: event.operationKind, epoch: next.epoch });
      state = next;
      const standing = standingOf(state);
      if (standing !== undefined) seen.set(standing, (seen.get(standing) ?? 0) + 1);
    }
  });
  return { property, seen };
}

describe('I1, I5, I6: random lives of a plan', () => {
  it('keep every promise after every event, and meet every standing', () => {
    const { property, seen } = live(transition, chances);
    fc.assert(property, { numRuns: 1_000, seed: 20_260_105 });
    expect([...seen.keys()].toSorted()).toEqual(standingNames.toSorted());
  });

  const broken: Record<string, (state: PlanState, event: PlanEvent) => Transition> = {
    'a commit by anybody': (state, event) =>
      event.kind === 'commit'
        ? { kind: 'done', state: { ...state, activeSite: 'recovery', commit: event.by.operation } }
        : transition(state, event),
    'an opening under the same epoch': (state, event) => {
      const made = transition(state, event);
      return made.kind === 'done' ? { ...made, state: { ...made.state, epoch: state.epoch } } : made;
    },
    'a close that forgets where production runs': (state, event) => {
      const made = transition(state, event);
      return made.kind === 'done' && event.kind === 'close'
        ? { ...made, state: { ...made.state, phase: 'protected' } }
        : made;
    },
    'a way home to a primary that runs isolated': (state, event) => {
      const isAway = event.kind === 'commit' && state.phase === 'failing-back' && state.fence?.status === 'isolated';
      return transition(isAway ? { ...state, fence: null } : state, event);
    },
    'an unfence after the commit': (state, event) =>
      event.kind === 'unfence' ? { kind: 'done', state: { ...state, fence: null } } : transition(state, event),
    'a writer that puts back the epoch it read long ago': (state, event) =>
      event.kind === 'renew' && state.epoch > 1
        ? { kind: 'done', state: { ...state, epoch: 1 } }
        : transition(state, event),
  };
  for (const [name, change] of Object.entries(broken)) {
    it(`canary: find ${name}`, () => {
      expect(() => fc.assert(live(change, chances).property, { numRuns: 500, seed: 1 })).toThrow();
    });
  }
});
