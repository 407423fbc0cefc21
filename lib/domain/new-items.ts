import type { Choice } from './choice.ts';
import type { Extent, Operation, OperationKind, PlanState } from './catalogue.ts';

/** Of a plan that has never had an operation. */
export function newState(plan: string): PlanState {
  return {
    plan,
    phase: 'protected',
    activeSite: 'primary',
    epoch: 0,
    lease: null,
    fence: null,
    failover: null,
    commit: null,
    restingSince: null,
  };
}

export interface OperationStart {
  readonly plan: string;
  readonly id: string;
  readonly kind: OperationKind;
  readonly epoch: number;
  readonly trigger: string;
  readonly planVersion?: string;
  readonly startedAt: string;
  readonly recoveryPoint: string | null;
  readonly choice?: Choice;
  readonly isPlanned?: true;
  readonly extent?: Extent;
  readonly newServers?: readonly string[];
}

export function newOperation(start: OperationStart): Operation {
  return {
    ...start,
    progression: 'opened',
    progressed: [],
    outcome: 'running',
    cause: null,
    endedAt: null,
    committedAt: null,
    servers: {},
    broughtUp: {},
    leftOut: {},
    questions: {},
    stopped: {},
    isolated: {},
    traffic: [],
    rpoSeconds: null,
    rtoSeconds: null,
    estimate: null,
    rounds: [],
    swapped: {},
    unreplicated: null,
  };
}
