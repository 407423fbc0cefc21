import type { Fence, HolderKind, Phase, Site } from '../../lib/domain/catalogue.ts';

/** Where a plan stands: its phase, and what else decides about what may happen. */
export type Standing =
  | 'home'
  | 'protecting'
  | 'accepting'
  | 'leaving'
  | 'fenced'
  | 'left'
  | 'away'
  | 'guarding'
  | 'owing'
  | 'returning'
  | 'returned';

export interface StandingFacts {
  readonly phase: Phase;
  readonly activeSite: Site;
  /** Kind of the operation that holds the plan. */
  readonly holder: HolderKind | 'nobody';
  readonly fence: Fence['status'] | 'none';
  readonly isCommitted: boolean;
  readonly meaning: string;
}

export const standings: Readonly<Record<Standing, StandingFacts>> = {
  home: {
    phase: 'protected',
    activeSite: 'primary',
    holder: 'nobody',
    fence: 'none',
    isCommitted: false,
    meaning: 'production runs at home, nothing is under way',
  },
  protecting: {
    phase: 'protected',
    activeSite: 'primary',
    holder: 'protect',
    fence: 'none',
    isCommitted: false,
    meaning: 'a protect run is under way',
  },
  accepting: {
    phase: 'protected',
    activeSite: 'primary',
    holder: 'accept',
    fence: 'none',
    isCommitted: false,
    meaning: 'what stayed since the plan came home is being removed',
  },
  leaving: {
    phase: 'failing-over',
    activeSite: 'primary',
    holder: 'failover',
    fence: 'none',
    isCommitted: false,
    meaning: 'a failover is under way and has not fenced the primary',
  },
  fenced: {
    phase: 'failing-over',
    activeSite: 'primary',
    holder: 'failover',
    fence: 'owed',
    isCommitted: false,
    meaning: 'a failover is under way behind a fence of any status',
  },
  left: {
    phase: 'failing-over',
    activeSite: 'recovery',
    holder: 'failover',
    fence: 'owed',
    isCommitted: true,
    meaning: 'the failover has committed and has not closed',
  },
  away: {
    phase: 'recovered',
    activeSite: 'recovery',
    holder: 'nobody',
    fence: 'owed',
    isCommitted: false,
    meaning: 'production runs in the recovery Region, nothing is under way',
  },
  guarding: {
    phase: 'recovered',
    activeSite: 'recovery',
    holder: 'protect',
    fence: 'owed',
    isCommitted: false,
    meaning: 'production runs in the recovery Region, and a protect run brings home what changed there',
  },
  owing: {
    phase: 'failing-back',
    activeSite: 'recovery',
    holder: 'failback',
    fence: 'owed',
    isCommitted: false,
    meaning: 'a failback is under way and the primary is not stopped: its fence is owed, isolated or waived',
  },
  returning: {
    phase: 'failing-back',
    activeSite: 'recovery',
    holder: 'failback',
    fence: 'confirmed',
    isCommitted: false,
    meaning: 'a failback is under way behind a confirmed fence',
  },
  returned: {
    phase: 'failing-back',
    activeSite: 'primary',
    holder: 'failback',
    fence: 'none',
    isCommitted: true,
    meaning: 'the failback has committed and has not closed',
  },
};
