import type { Fence, HolderKind, Lease, Outcome, Phase, PlanState, Site } from './catalogue.ts';
import { Failure, type FailureCode } from './failure.ts';
import { mayWrite } from './fence.ts';
import type { Homes } from './homes.ts';

/**
 * How long an operation may stay silent before its lease lapses. Every attempt of a step proves its epoch, and renews what is older than
 * {@link freshSeconds}, so the longest silence of one that lives is those 10 min, a step of 15 min and the pause of 2 min before its repeat.
 */
export const leaseSeconds = 3_600;
/** A lease that was renewed so short a time ago is left as it is: most steps then only read. */
const freshSeconds = 600;

/** The operation that owns a plan since `epoch`. */
export interface Holder {
  readonly operation: string;
  readonly epoch: number;
}

interface Claim {
  readonly operation: string;
  /** Of the operation. */
  readonly operationKind: HolderKind;
  /** ARN of the execution that asks. */
  readonly execution: string;
  readonly now: Date;
  /** Whether the execution that the lease names, if there is one, is under way. */
  readonly isHolderRunning: boolean;
}

/** What may happen to a plan of itself or by its holder; the steps of a plan write its state by these and nothing else. */
export type HolderEvent =
  /** The holder shows that it lives. */
  | { readonly kind: 'renew'; readonly now: Date }
  | { readonly kind: 'fence'; readonly status: Fence['status']; readonly now: Date }
  /** The primary may write again: a failover is undone. */
  | { readonly kind: 'unfence' }
  /** `homes`: of a failback that has brought servers home as new ones. */
  | { readonly kind: 'commit'; readonly homes?: Homes }
  /** @param stoppedServersAt when servers had been stopped: the end of the operation, else `null` */
  | { readonly kind: 'close'; readonly stoppedServersAt: string | null };

export type PlanEvent =
  | ({ readonly kind: 'open' } & Claim)
  /** Another execution goes on with an operation whose own has ended, to undo it. */
  | ({
      readonly kind: 'take-over';
      /** The operation closed as failed, for its undo failed, and no later failover or failback began. */
      readonly isLeftUndone: boolean;
    } & Claim)
  | (HolderEvent & { readonly by: Holder });

export type Transition =
  /** `state` is the very object that was given where nothing changes. */
  | { readonly kind: 'done'; readonly state: PlanState }
  | { readonly kind: 'refused'; readonly code: FailureCode; readonly message: string };

/** A protect run protects what serves: at home by recovery points, away by rounds home. */
const phasesNeeded: Record<HolderKind, readonly Phase[]> = {
  protect: ['protected', 'recovered'],
  failover: ['protected'],
  failback: ['recovered'],
  accept: ['protected'],
};
/** Of those that move production; the others leave the phase as it is. */
const phaseDuring: Partial<Record<HolderKind, Phase>> = { failover: 'failing-over', failback: 'failing-back' };

/** What the holder of a plan may let happen, besides `renew` and `close`, before it commits; after that, only the same commit again. */
const possible: Record<Phase, readonly HolderEvent['kind'][]> = {
  protected: [],
  'failing-over': ['fence', 'unfence', 'commit'],
  recovered: [],
  'failing-back': ['fence', 'commit'],
};

/** The state of a plan after an event, or why the event may not happen: I1, I5, I6 as far as the state can keep them. Total. */
export function transition(state: PlanState, event: PlanEvent): Transition {
  switch (event.kind) {
    case 'open':
      return open(state, event);
    case 'take-over':
      return takeOver(state, event);
    case 'renew':
    case 'fence':
    case 'unfence':
    case 'commit':
    case 'close':
      return byHolder(state, event);
  }
}

/** @throws Failure with the refusal's code */
export function nextState(state: PlanState, event: PlanEvent): PlanState {
  const made = transition(state, event);
  if (made.kind === 'refused') throw new Failure(made.code, made.message);
  return made.state;
}

/** The fields of `next` that differ: what is written, so that a late writer puts back nothing it only read. */
export function changedFields(state: PlanState, next: PlanState): Partial<PlanState> {
  return Object.fromEntries(Object.entries(next).filter(([field, value]) => value !== state[field as keyof PlanState]));
}

/** What an operation ended as: what has committed has succeeded, whatever failed after that. */
export function outcomeOf(state: PlanState, operation: string, outcome: Outcome): Outcome {
  return state.commit === operation ? 'succeeded' : outcome;
}

/** An event of an operation that does not, or no longer, own the plan. */
export function staleMessage(state: PlanState, { operation, epoch }: Holder): string {
  return `Operation ${operation} of plan ${state.plan} (epoch ${epoch}) no longer owns the plan: epoch ${state.epoch} belongs to ${state.lease?.operation ?? 'nobody'}. It changes nothing more.`;
}

/** What each takes the plan from while it lives. */
const takesFrom: Record<HolderKind, readonly HolderKind[]> = {
  failover: ['protect', 'accept'],
  failback: ['protect'],
  protect: [],
  accept: [],
};
/** Operations that can be undone, and so taken over. */
const undoable: readonly HolderKind[] = ['failover', 'failback'];

/** I6: one operation per plan, each under the next epoch; only a failover or failback takes the plan from one that lives, and only from a protect run or an accept. */
function open(state: PlanState, claim: Claim): Transition {
  const { lease } = state;
  const { operationKind } = claim;
  if (lease?.operation === claim.operation) return done(state);
  const isHeld = lease !== null && claim.isHolderRunning && Date.parse(lease.until) > claim.now.getTime();
  const isPreempting = lease !== null && takesFrom[operationKind].includes(lease.kind);
  if (isHeld && !isPreempting)
    return refused(
      'OperationAlreadyRunning',
      `Cannot start ${operationKind} of plan ${state.plan}: ${lease.kind} ${lease.operation} is running. Wait until it ends, or stop its execution.`,
    );
  if (!phasesNeeded[operationKind].includes(state.phase))
    return refused('WrongPhase', wrongPhase(state, operationKind));
  const taken = heldBy(state, claim);
  // A fence that an undone failover could not lift says nothing of the primary now: each failover fences anew.
  return done(operationKind === 'failover' ? { ...taken, fence: null } : taken);
}

function takeOver(state: PlanState, claim: Claim & { readonly isLeftUndone: boolean }): Transition {
  const { lease, phase } = state;
  const { operation, operationKind } = claim;
  const isFree = lease === null || takesFrom[operationKind].includes(lease.kind);
  const isPossible = undoable.includes(operationKind) && phasesNeeded[operationKind].includes(phase);
  if (isFree && isPossible && claim.isLeftUndone) return done(heldBy(state, claim));
  if (lease?.operation !== operation || lease.kind !== claim.operationKind)
    return refused(
      'WrongPhase',
      `Cannot undo ${operation}: plan ${state.plan} is ${lease === null ? 'held by no operation' : `held by ${lease.kind} ${lease.operation}`}. Nothing was changed.`,
    );
  if (lease.execution === claim.execution) return done(state);
  if (claim.isHolderRunning)
    return refused(
      'OperationAlreadyRunning',
      `Cannot undo ${operation} of plan ${state.plan}: its execution is running. Stop it first. Nothing was changed.`,
    );
  return done({ ...state, epoch: state.epoch + 1, lease: leaseOf(claim) });
}

function heldBy(state: PlanState, claim: Claim): PlanState {
  const phase = phaseDuring[claim.operationKind] ?? state.phase;
  return { ...state, epoch: state.epoch + 1, phase, lease: leaseOf(claim) };
}

function byHolder(state: PlanState, event: HolderEvent & { readonly by: Holder }): Transition {
  const { lease } = state;
  if (lease?.operation !== event.by.operation || state.epoch !== event.by.epoch)
    return refused('StaleEpoch', staleMessage(state, event.by));
  if (event.kind === 'renew') return done(isFresh(lease, event.now) ? state : renewed(state, lease, event.now));
  if (event.kind === 'close') return done(atRest(state, event.stoppedServersAt));
  const isCommitted = state.commit === lease.operation;
  if (isCommitted && event.kind === 'commit') return done(state);
  if (isCommitted || !possible[state.phase].includes(event.kind))
    return refused(
      'BrokenInvariant',
      `I5 would be broken: ${event.kind} by ${lease.operation} of plan ${state.plan}, ${isCommitted ? 'which has committed' : `in phase ${state.phase}`}`,
    );
  if (event.kind === 'unfence') return done({ ...state, fence: null });
  if (event.kind === 'commit') return commit(state, lease, event.homes);
  return done({ ...state, fence: { site: 'primary', status: event.status, since: event.now.toISOString() } });
}

/** I1: production is never where the other side may write. */
function commit(state: PlanState, lease: Lease, homes: Homes | undefined): Transition {
  if (state.phase === 'failing-over') {
    if (state.fence === null)
      return refused(
        'BrokenInvariant',
        `I1 would be broken: traffic of plan ${state.plan} moved without a fence on the primary`,
      );
    return done({ ...state, activeSite: 'recovery', failover: lease.operation, commit: lease.operation });
  }
  if (mayWrite(state.fence))
    return refused(
      'BrokenInvariant',
      `I1 would be broken: the primary of plan ${state.plan} is not stopped, its fence is ${state.fence?.status}`,
    );
  const moved = homes === undefined ? {} : { homes };
  return done({ ...state, ...moved, activeSite: 'primary', fence: null, failover: null, commit: lease.operation });
}

function atRest(state: PlanState, stoppedServersAt: string | null): PlanState {
  const free = { ...state, phase: restingPhase(state.activeSite), lease: null };
  return stoppedServersAt === null ? free : { ...free, restingSince: stoppedServersAt };
}

/** The phase of a plan that nobody holds. */
function restingPhase(activeSite: Site): Phase {
  return activeSite === 'primary' ? 'protected' : 'recovered';
}

function isFresh({ until }: Lease, now: Date): boolean {
  return Date.parse(until) - now.getTime() > (leaseSeconds - freshSeconds) * 1_000;
}

function renewed(state: PlanState, lease: Lease, now: Date): PlanState {
  return { ...state, lease: { ...lease, until: leaseUntil(now) } };
}

function leaseOf({ operation, operationKind: kind, execution, now }: Claim): Lease {
  return { operation, kind, execution, until: leaseUntil(now) };
}

function leaseUntil(now: Date): string {
  return new Date(now.getTime() + leaseSeconds * 1_000).toISOString();
}

function done(state: PlanState): Transition {
  return { kind: 'done', state };
}

function refused(code: FailureCode, message: string): Transition {
  return { kind: 'refused', code, message };
}

function wrongPhase(state: PlanState, kind: HolderKind): string {
  const next: Record<Phase, string> = {
    protected: 'protect, failover and accept are possible',
    recovered: 'failback and protect are possible',
    'failing-over': 'wait for the failover that is under way, or stop its execution, which undoes it',
    'failing-back': 'wait for the failback that is under way, or stop its execution, which undoes it',
  };
  return `Cannot start ${kind} of plan ${state.plan}: its phase is ${state.phase}, ${kind} needs ${phasesNeeded[kind].join(' or ')}. In phase ${state.phase} ${next[state.phase]}.`;
}
