import type { OperationKind, Phase, PlanState, Site } from './catalogue.ts';
import type { FailureCode } from './failure.ts';

/** How long an operation may stay silent before its lease lapses. Longer than any single step (15 min) and its retries. */
export const leaseSeconds = 3_600;

export type OpenDecision =
  | { readonly kind: 'acquire'; readonly next: PlanState }
  | { readonly kind: 'mine'; readonly epoch: number }
  | { readonly kind: 'refuse'; readonly code: FailureCode; readonly message: string };

export interface OpenRequest {
  readonly kind: OperationKind;
  readonly operation: string;
  readonly execution: string;
  readonly now: Date;
}

const phaseNeeded: Record<OperationKind, Phase> = {
  protect: 'protected',
  failover: 'protected',
  failback: 'recovered',
};
const phaseDuring: Record<OperationKind, Phase> = {
  protect: 'protected',
  failover: 'failing-over',
  failback: 'failing-back',
};

/** Decides whether an operation may take the plan: I6, one operation per plan; a failover preempts a protect run. */
export function decideOpen(state: PlanState, request: OpenRequest): OpenDecision {
  const { lease } = state;
  if (lease?.operation === request.operation) return { kind: 'mine', epoch: state.epoch };
  const isHeld = lease !== null && Date.parse(lease.until) > request.now.getTime();
  const isPreempting = request.kind === 'failover' && lease?.kind === 'protect';
  if (isHeld && !isPreempting) {
    return {
      kind: 'refuse',
      code: 'OperationAlreadyRunning',
      message: `Cannot start ${request.kind} of plan ${state.plan}: ${lease.kind} ${lease.operation} is running. Wait until it ends, or stop its execution.`,
    };
  }
  if (state.phase !== phaseNeeded[request.kind]) {
    return { kind: 'refuse', code: 'WrongPhase', message: wrongPhase(state, request.kind) };
  }
  const until = new Date(request.now.getTime() + leaseSeconds * 1_000).toISOString();
  const next: PlanState = {
    ...state,
    epoch: state.epoch + 1,
    phase: phaseDuring[request.kind],
    lease: { operation: request.operation, kind: request.kind, execution: request.execution, until },
  };
  return { kind: 'acquire', next };
}

/** The phase of a plan at rest. */
export function restingPhase(activeSite: Site): Phase {
  return activeSite === 'primary' ? 'protected' : 'recovered';
}

function wrongPhase(state: PlanState, kind: OperationKind): string {
  const possible: Record<Phase, string> = {
    protected: 'protect and failover are possible',
    recovered: 'failback is possible',
    'failing-over': 'redrive or stop the failover that is under way first',
    'failing-back': 'redrive or stop the failback that is under way first',
  };
  return `Cannot start ${kind} of plan ${state.plan}: its phase is ${state.phase}, ${kind} needs ${phaseNeeded[kind]}. In phase ${state.phase} ${possible[state.phase]}.`;
}
