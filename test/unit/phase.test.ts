import { describe, expect, it } from 'vitest';
import { newState, type OperationKind, type Phase, type PlanState } from '../../lib/domain/catalogue.ts';
import { decideOpen } from '../../lib/domain/phase.ts';

const now = new Date('2026-01-05T10:00:00.000Z');
const later = '2026-01-05T10:30:00.000Z';
const earlier = '2026-01-05T09:30:00.000Z';

function stateWith(change: Partial<PlanState>): PlanState {
  return { ...newState('shop'), epoch: 7, ...change };
}

function held(kind: OperationKind, until = later): PlanState['lease'] {
  return { operation: `${kind}-other`, kind, execution: 'other', until };
}

const open = (state: PlanState, kind: OperationKind) =>
  decideOpen(state, { kind, operation: `${kind}-mine`, execution: 'mine', now });

describe('I6: one operation per plan', () => {
  // Phase × operation, written out from the design: what may be opened on a plan at rest.
  const table: Record<Phase, Record<OperationKind, boolean>> = {
    protected: { protect: true, failover: true, failback: false },
    recovered: { protect: false, failover: false, failback: true },
    'failing-over': { protect: false, failover: false, failback: false },
    'failing-back': { protect: false, failover: false, failback: false },
  };
  for (const [phase, row] of Object.entries(table) as [Phase, Record<OperationKind, boolean>][]) {
    for (const [kind, isAllowed] of Object.entries(row) as [OperationKind, boolean][]) {
      it(`${isAllowed ? 'opens' : 'refuses'} ${kind} in phase ${phase}`, () => {
        const decision = open(stateWith({ phase }), kind);
        expect(decision.kind).toBe(isAllowed ? 'acquire' : 'refuse');
        if (decision.kind === 'refuse')
          expect(decision).toMatchObject({ code: 'WrongPhase', message: expect.stringContaining(phase) as string });
      });
    }
  }

  it('gives each operation the next epoch and a lease', () => {
    expect(open(stateWith({}), 'protect')).toMatchObject({
      kind: 'acquire',
      next: { epoch: 8, lease: { operation: 'protect-mine' } },
    });
  });

  it('refuses a second operation while the first holds the plan, and names it', () => {
    const decision = open(stateWith({ phase: 'failing-over', lease: held('failover') }), 'failover');
    expect(decision).toMatchObject({
      kind: 'refuse',
      code: 'OperationAlreadyRunning',
      message: expect.stringContaining('failover-other') as string,
    });
  });

  it('lets a failover preempt a protect operation, whose epoch is then stale', () => {
    expect(open(stateWith({ lease: held('protect') }), 'failover')).toMatchObject({
      kind: 'acquire',
      next: { epoch: 8, phase: 'failing-over' },
    });
  });

  it('lets nothing else preempt', () => {
    expect(open(stateWith({ lease: held('protect') }), 'protect').kind).toBe('refuse');
    expect(open(stateWith({ phase: 'recovered', lease: held('failback') }), 'failback').kind).toBe('refuse');
  });

  it('takes over a lapsed lease', () => {
    expect(open(stateWith({ lease: held('protect', earlier) }), 'protect').kind).toBe('acquire');
  });

  it('I7: opening twice gives the same epoch', () => {
    const first = open(stateWith({}), 'failover');
    if (first.kind !== 'acquire') throw new Error('must open');
    expect(open(first.next, 'failover')).toEqual({ kind: 'mine', epoch: 8 });
  });
});
