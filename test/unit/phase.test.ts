import { describe, expect, it } from 'vitest';
import type { HolderKind, PlanState } from '../../lib/domain/catalogue.ts';
import { newState } from '../../lib/domain/new-items.ts';
import {
  changedFields,
  type HolderEvent,
  leaseSeconds,
  outcomeOf,
  type PlanEvent,
  transition,
} from '../../lib/domain/phase.ts';
import { type Standing, type StandingFacts, standings } from './standings.ts';
import { type Cell, type Happening, happenings, type Move, table } from './transition-table.ts';

const now = new Date('2026-01-05T10:00:00.000Z');
const later = '2026-01-05T10:30:00.000Z';
const earlier = '2026-01-05T09:30:00.000Z';
const epoch = 7;

/** A plan as it stands in a row of the table; `change` sets what the row leaves open. */
function planAt(standing: Standing, change: Partial<PlanState> = {}): PlanState {
  const { phase, activeSite, holder, fence, isCommitted } = standings[standing];
  const operation = `${holder}-mine`;
  return {
    ...newState('shop'),
    epoch,
    phase,
    activeSite,
    lease: holder === 'nobody' ? null : { operation, kind: holder, execution: 'arn:mine', until: later },
    fence: fence === 'none' ? null : { site: 'primary', status: fence, since: earlier },
    failover: activeSite === 'primary' ? null : holder === 'failover' ? operation : 'failover-before',
    commit: isCommitted ? operation : 'failback-before',
    ...change,
  };
}

/** The kind of the operation that holds the plan, or held it last. */
function kindAt({ holder, activeSite }: StandingFacts): HolderKind {
  if (holder !== 'nobody') return holder;
  return activeSite === 'primary' ? 'protect' : 'failover';
}

const mine = (state: PlanState, standing: Standing) => ({
  operation: state.lease?.operation ?? `${kindAt(standings[standing])}-mine`,
  epoch,
});

const holderEvents: readonly HolderEvent[] = [
  { kind: 'renew', now },
  { kind: 'fence', status: 'confirmed', now },
  { kind: 'fence', status: 'owed', now },
  { kind: 'fence', status: 'isolated', now },
  { kind: 'fence', status: 'waived', now },
  { kind: 'unfence' },
  { kind: 'commit' },
  { kind: 'close', stoppedServersAt: null },
];

interface Case {
  readonly name: string;
  readonly state: PlanState;
  readonly event: PlanEvent;
}

const openers = (operationKind: HolderKind, isHolderRunning: boolean): PlanEvent => ({
  kind: 'open',
  operationKind,
  operation: `${operationKind}-other`,
  execution: 'arn:other',
  now,
  isHolderRunning,
});

/** Both ways of a holder to be gone. */
function gone(standing: Standing, kind: HolderKind): Case[] {
  const state = planAt(standing);
  const lapsed = state.lease === null ? state : { ...state, lease: { ...state.lease, until: earlier } };
  return [
    { name: 'ended', state, event: openers(kind, false) },
    { name: 'lapsed', state: lapsed, event: openers(kind, true) },
  ];
}

function takeOver(standing: Standing, execution: string, isHolderRunning: boolean): Case[] {
  const state = planAt(standing);
  const kind = kindAt(standings[standing]);
  const { operation } = mine(state, standing);
  // No state machine takes over a protect run or an accept: the one of failovers is asked to.
  const operationKind = kind === 'protect' || kind === 'accept' ? 'failover' : kind;
  const event = {
    kind: 'take-over',
    operationKind,
    operation,
    execution,
    now,
    isHolderRunning,
    isLeftUndone: false,
  } as const;
  return [{ name: '', state, event }];
}

function takeOverUndone(standing: Standing): Case[] {
  const operationKind = standings[standing].activeSite === 'recovery' ? 'failback' : 'failover';
  const operation = `${operationKind}-undone`;
  const claim = { operationKind, operation, execution: 'arn:undo', now, isHolderRunning: false } as const;
  return [{ name: '', state: planAt(standing), event: { kind: 'take-over', ...claim, isLeftUndone: true } }];
}

function byHolder(standing: Standing, event: HolderEvent): Case[] {
  const state = planAt(standing);
  return [{ name: '', state, event: { ...event, by: mine(state, standing) } }];
}

function openAgain(standing: Standing): Case[] {
  const state = planAt(standing);
  const operationKind = kindAt(standings[standing]);
  const { operation } = mine(state, standing);
  const event = { kind: 'open', operationKind, operation, execution: 'arn:mine', now } as const;
  return [true, false].map((isHolderRunning) => ({
    name: `running: ${isHolderRunning}`,
    state,
    event: { ...event, isHolderRunning },
  }));
}

function staleOnes(standing: Standing): Case[] {
  const state = planAt(standing);
  const { operation } = mine(state, standing);
  const others = [
    { operation, epoch: epoch - 1 },
    { operation: 'failover-other', epoch },
    { operation: 'failover-other', epoch: epoch - 1 },
  ];
  return holderEvents.flatMap((event) =>
    others.map((by) => ({ name: `${event.kind} of ${by.operation} ${by.epoch}`, state, event: { ...event, by } })),
  );
}

const casesOf: Record<Happening, (standing: Standing) => Case[]> = {
  'open protect': (at) => [{ name: '', state: planAt(at), event: openers('protect', true) }],
  'open failover': (at) => [{ name: '', state: planAt(at), event: openers('failover', true) }],
  'open failback': (at) => [{ name: '', state: planAt(at), event: openers('failback', true) }],
  'open accept': (at) => [{ name: '', state: planAt(at), event: openers('accept', true) }],
  'open protect, holder gone': (at) => gone(at, 'protect'),
  'open failover, holder gone': (at) => gone(at, 'failover'),
  'open failback, holder gone': (at) => gone(at, 'failback'),
  'open accept, holder gone': (at) => gone(at, 'accept'),
  'open again': openAgain,
  'take over': (at) => takeOver(at, 'arn:undo', false),
  'take over, holder runs': (at) => takeOver(at, 'arn:undo', true),
  'take over again': (at) => takeOver(at, 'arn:mine', true),
  'take over, left undone': takeOverUndone,
  renew: (at) => byHolder(at, { kind: 'renew', now }),
  'fence confirmed': (at) => byHolder(at, { kind: 'fence', status: 'confirmed', now }),
  'fence owed': (at) => byHolder(at, { kind: 'fence', status: 'owed', now }),
  'fence isolated': (at) => byHolder(at, { kind: 'fence', status: 'isolated', now }),
  'fence waived': (at) => byHolder(at, { kind: 'fence', status: 'waived', now }),
  unfence: (at) => byHolder(at, { kind: 'unfence' }),
  commit: (at) => byHolder(at, { kind: 'commit' }),
  'close succeeded': (at) => byHolder(at, { kind: 'close', stoppedServersAt: null }),
  'close rolled-back': (at) => byHolder(at, { kind: 'close', stoppedServersAt: null }),
  'close failed': (at) => byHolder(at, { kind: 'close', stoppedServersAt: null }),
  'any of a stale holder': staleOnes,
};

const hourFromNow = '2026-01-05T11:00:00.000Z';

function leaseAfter({ lease }: PlanState, event: PlanEvent, move: Move): PlanState['lease'] {
  if (move.lease === 'none') return null;
  if (move.lease === 'same') return lease;
  if (event.kind === 'open' || event.kind === 'take-over') {
    const { operation, operationKind: kind, execution } = event;
    return { operation, kind, execution, until: hourFromNow };
  }
  return lease === null ? null : { ...lease, until: hourFromNow };
}

/** The whole state that a cell promises. */
function stateAfter({ state, event }: Case, move: Move): PlanState {
  const { phase, activeSite } = standings[move.to];
  const lease = leaseAfter(state, event, move);
  const commit = move.isCommit ? (lease?.operation ?? null) : state.commit;
  const fences = { same: state.fence, none: null };
  return {
    ...state,
    phase,
    activeSite,
    epoch: move.epoch === 'next' ? epoch + 1 : epoch,
    lease,
    fence:
      move.fence === 'same' || move.fence === 'none'
        ? fences[move.fence]
        : { site: 'primary', status: move.fence, since: now.toISOString() },
    commit,
    failover: move.isCommit ? (activeSite === 'recovery' ? commit : null) : state.failover,
  };
}

function expectCell(cell: Cell, one: Case): void {
  const made = transition(one.state, one.event);
  if (cell === 'nothing changes') {
    expect(made.kind === 'done' && made.state === one.state, one.name).toBe(true);
  } else if ('refused' in cell) {
    expect(made, one.name).toMatchObject({ kind: 'refused', code: cell.refused });
    expect(made.kind === 'refused' && made.message, one.name).toMatch(/shop.+/);
  } else {
    expect(made, one.name).toEqual({ kind: 'done', state: stateAfter(one, cell) });
  }
}

const standingNames = Object.keys(standings) as Standing[];

describe('I6: the table of transitions', () => {
  for (const happening of Object.keys(happenings) as Happening[]) {
    for (const standing of standingNames) {
      it(`${happening} × ${standing}`, () => {
        const cell = table[happening][standing];
        const cases = casesOf[happening](standing);
        expect(cases.length).toBeGreaterThan(0);
        for (const one of cases) expectCell(cell, one);
        if (!happening.startsWith('close') || typeof cell === 'string' || 'refused' in cell) return;
        const asked = happening.slice('close '.length) as 'succeeded' | 'rolled-back' | 'failed';
        const { state } = cases[0] ?? { state: planAt(standing) };
        expect(outcomeOf(state, state.lease?.operation ?? '', asked)).toBe(cell.outcome);
      });
    }
  }

  it('has a cell for every standing and happening, and no other', () => {
    for (const row of Object.values(table)) expect(Object.keys(row)).toEqual(standingNames);
    expect(Object.keys(table)).toEqual(Object.keys(happenings));
  });

  it('meets every kind of event and every phase', () => {
    const kinds = new Set(
      Object.values(casesOf).flatMap((cases) => standingNames.flatMap(cases).map(({ event }) => event.kind)),
    );
    const every: Record<PlanEvent['kind'], true> = {
      open: true,
      'take-over': true,
      renew: true,
      fence: true,
      unfence: true,
      commit: true,
      close: true,
    };
    expect([...kinds].toSorted()).toEqual(Object.keys(every).toSorted());
    const phases: Record<PlanState['phase'], true> = {
      protected: true,
      'failing-over': true,
      recovered: true,
      'failing-back': true,
    };
    expect(new Set(Object.values(standings).map(({ phase }) => phase))).toEqual(new Set(Object.keys(phases)));
  });
});

describe('I6: what the table does not say', () => {
  it('a refused opening names the operation that runs', () => {
    expect(transition(planAt('fenced'), openers('failover', true))).toMatchObject({
      message: expect.stringContaining('failover failover-mine is running') as string,
    });
  });

  it('a refused opening says what is possible', () => {
    expect(transition(planAt('home'), openers('failback', true))).toMatchObject({
      message: expect.stringMatching(/phase is protected.*protect, failover and accept are possible/) as string,
    });
  });

  it.each([
    ['599', false],
    ['601', true],
  ])('a lease is written again %s s after it was renewed last: %s', (seconds, isWritten) => {
    const state = planAt('fenced');
    const until = new Date(now.getTime() + (3_600 - Number(seconds)) * 1_000).toISOString();
    const held = { ...state, lease: state.lease === null ? null : { ...state.lease, until } };
    const made = transition(held, { kind: 'renew', now, by: { operation: 'failover-mine', epoch } });
    expect(made).toMatchObject({
      kind: 'done',
      state: { lease: { until: isWritten ? '2026-01-05T11:00:00.000Z' : until } },
    });
  });

  it('a lease lapses at its very end', () => {
    const at = (until: string) => {
      const state = planAt('protecting');
      const lease = state.lease === null ? null : { ...state.lease, until };
      return transition({ ...state, lease }, openers('protect', true)).kind;
    };
    expect([at(now.toISOString()), at('2026-01-05T10:00:00.001Z')]).toEqual(['done', 'refused']);
  });

  it('I1: a failover does not count on the fence of one before it that could not be undone', () => {
    const fence = { site: 'primary', status: 'confirmed', since: earlier } as const;
    const opened = transition(planAt('home', { fence }), openers('failover', true));
    if (opened.kind !== 'done') throw new Error('must open');
    const by = { operation: 'failover-other', epoch: epoch + 1 };
    expect(transition(opened.state, { kind: 'commit', by })).toMatchObject({ code: 'BrokenInvariant' });
  });

  it('servers that were stopped rest from the end of the operation', () => {
    const by = { operation: 'failover-mine', epoch };
    const closed = transition(planAt('fenced'), { kind: 'close', stoppedServersAt: later, by });
    expect(closed).toMatchObject({ state: { restingSince: later } });
  });

  it('what is written are the fields that changed, and no others', () => {
    const state = planAt('fenced');
    const by = { operation: 'failover-mine', epoch };
    const committed = transition(state, { kind: 'commit', by });
    if (committed.kind !== 'done') throw new Error('must commit');
    expect(changedFields(state, committed.state)).toEqual({
      activeSite: 'recovery',
      failover: 'failover-mine',
      commit: 'failover-mine',
    });
    expect(changedFields(state, { ...state })).toEqual({});
  });

  it('which instances servers are at home changes with the commit of a failback, and with nothing else', () => {
    const homes = { db: { instance: 'i-2', formerly: ['i-1'] } };
    const commit = { kind: 'commit', by: { operation: 'failback-mine', epoch }, homes } as const;
    expect(transition(planAt('returning', { fence: null }), commit)).toMatchObject({ state: { homes } });
    const { homes: _, ...inPlace } = commit;
    expect(transition(planAt('returning', { fence: null, homes }), inPlace)).toMatchObject({ state: { homes } });
    const leaving = transition(planAt('fenced'), { ...commit, by: { operation: 'failover-mine', epoch } });
    expect(leaving).toMatchObject({ kind: 'done' });
    expect(leaving).not.toHaveProperty('state.homes');
  });
});

it('a lease outlasts the longest step with the pause before its repeat', () => {
  expect(leaseSeconds).toBeGreaterThan(2 * (900 + 120));
});
