/**
 * What every event does to a plan, wherever the plan stands: written from the words of the specification, not from the code.
 * `docs/spec.md` shows the same table; a test compares the two.
 */
import type { Fence, Outcome } from '../../lib/domain/catalogue.ts';
import type { FailureCode } from '../../lib/domain/failure.ts';
import { type Standing, standings } from './standings.ts';

export type Happening =
  | 'open protect'
  | 'open failover'
  | 'open failback'
  | 'open accept'
  | 'open protect, holder gone'
  | 'open failover, holder gone'
  | 'open failback, holder gone'
  | 'open accept, holder gone'
  | 'open again'
  | 'take over'
  | 'take over, holder runs'
  | 'take over again'
  | 'take over, left undone'
  | 'renew'
  | 'fence confirmed'
  | 'fence owed'
  | 'fence isolated'
  | 'fence waived'
  | 'unfence'
  | 'commit'
  | 'close succeeded'
  | 'close rolled-back'
  | 'close failed'
  | 'any of a stale holder';

export const happenings: Readonly<Record<Happening, string>> = {
  'open protect': 'another execution opens a protect run; a holder, if there is one, runs and its lease has not lapsed',
  'open failover': 'likewise a failover',
  'open failback': 'likewise a failback',
  'open accept': 'likewise an accept',
  'open protect, holder gone':
    'likewise a protect run; the execution of the holder has ended without closing, or its lease has lapsed',
  'open failover, holder gone': 'likewise a failover',
  'open failback, holder gone': 'likewise a failback',
  'open accept, holder gone': 'likewise an accept',
  'open again': 'the operation that holds the plan, or held it last, opens once more: its first step is repeated',
  'take over': 'an execution takes over the operation named in its input, whose own execution has ended',
  'take over, holder runs': 'the same while that execution is under way',
  'take over again': 'the execution that holds the operation takes it over once more',
  'take over, left undone': 'likewise an operation that closed as failed, the last failover or failback that there was',
  renew: 'the holder proves its epoch',
  'fence confirmed': 'the holder has seen the primary stopped',
  'fence owed': 'the holder could not see it stopped, nor isolated where the plan says so',
  'fence isolated': 'the holder has seen the primary isolated',
  'fence waived': 'the holder leaves the primary as it is, for its plan has nobody fence it',
  unfence: 'the holder has started the primary again, or let it be reached again',
  commit: 'the holder makes its operation final',
  'close succeeded': 'the holder ends, all done',
  'close rolled-back': 'the holder ends after an undo',
  'close failed': 'the holder ends, and its undo failed',
  'any of a stale holder': 'one of the events of a holder, of another operation or an older epoch',
};

export interface Move {
  readonly to: Standing;
  /** Whether the plan gets the next epoch. */
  readonly epoch: 'same' | 'next';
  /** `new`: of the operation and execution of the event, for another hour; `renewed`: the same for another hour, where that was done ten minutes ago or longer. */
  readonly lease: 'same' | 'new' | 'renewed' | 'none';
  readonly fence: 'same' | 'none' | Fence['status'];
  /** Whether `commit` names the holder afterwards, where it did not before. */
  readonly isCommit: boolean;
  /** What a closing operation is recorded as. */
  readonly outcome?: Outcome;
}

export type Cell = Move | { readonly refused: FailureCode } | 'nothing changes';

const quiet = { epoch: 'same', lease: 'same', fence: 'same', isCommit: false } as const;
const opens = (to: Standing): Cell => ({ ...quiet, to, epoch: 'next', lease: 'new' });
/** A failover fences anew, whatever an earlier one left. */
const opensUnfenced = (to: Standing): Cell => ({ ...quiet, to, epoch: 'next', lease: 'new', fence: 'none' });
const renews = (to: Standing): Cell => ({ ...quiet, to, lease: 'renewed' });
const fences = (to: Standing, fence: Fence['status'] | 'none'): Cell => ({ ...quiet, to, fence });
const commits = (to: Standing, fence: 'same' | 'none'): Cell => ({ ...quiet, to, fence, isCommit: true });
const closes = (to: Standing, outcome: Outcome): Cell => ({ ...quiet, to, lease: 'none', outcome });
const refused = (code: FailureCode): Cell => ({ refused: code });
const same: Cell = 'nothing changes';

const busy = refused('OperationAlreadyRunning');
const wrong = refused('WrongPhase');
const stale = refused('StaleEpoch');
const broken = refused('BrokenInvariant');

const everywhere = (cell: Cell): Record<Standing, Cell> =>
  Object.fromEntries(Object.keys(standings).map((standing) => [standing, cell])) as Record<Standing, Cell>;

/** A primary that nobody has seen stopped. */
const notStopped = (status: Fence['status']): Record<Standing, Cell> => ({
  home: stale,
  protecting: broken,
  accepting: broken,
  leaving: fences('fenced', status),
  fenced: fences('fenced', status),
  left: broken,
  away: stale,
  guarding: broken,
  owing: fences('owing', status),
  returning: fences('owing', status),
  returned: broken,
});

/** What has committed has succeeded, whatever it is closed as. */
const ended = (outcome: Outcome): Record<Standing, Cell> => ({
  home: stale,
  protecting: closes('home', outcome),
  accepting: closes('home', outcome),
  leaving: closes('home', outcome),
  fenced: closes('home', outcome),
  left: closes('away', 'succeeded'),
  away: stale,
  guarding: closes('away', outcome),
  owing: closes('away', outcome),
  returning: closes('away', outcome),
  returned: closes('home', 'succeeded'),
});

/** No `Partial`: a standing or a happening without a cell does not compile. */
export const table: Readonly<Record<Happening, Readonly<Record<Standing, Cell>>>> = {
  'open protect': {
    home: opens('protecting'),
    protecting: busy,
    accepting: busy,
    leaving: busy,
    fenced: busy,
    left: busy,
    away: opens('guarding'),
    guarding: busy,
    owing: busy,
    returning: busy,
    returned: busy,
  },
  'open failover': {
    home: opensUnfenced('leaving'),
    protecting: opensUnfenced('leaving'),
    accepting: opensUnfenced('leaving'),
    leaving: busy,
    fenced: busy,
    left: busy,
    away: wrong,
    guarding: wrong,
    owing: busy,
    returning: busy,
    returned: busy,
  },
  'open failback': {
    home: wrong,
    protecting: wrong,
    accepting: busy,
    leaving: busy,
    fenced: busy,
    left: busy,
    away: opens('owing'),
    guarding: opens('owing'),
    owing: busy,
    returning: busy,
    returned: busy,
  },
  'open accept': {
    home: opens('accepting'),
    protecting: busy,
    accepting: busy,
    leaving: busy,
    fenced: busy,
    left: busy,
    away: wrong,
    guarding: busy,
    owing: busy,
    returning: busy,
    returned: busy,
  },
  'open protect, holder gone': {
    home: opens('protecting'),
    protecting: opens('protecting'),
    accepting: opens('protecting'),
    leaving: wrong,
    fenced: wrong,
    left: wrong,
    away: opens('guarding'),
    guarding: opens('guarding'),
    owing: wrong,
    returning: wrong,
    returned: wrong,
  },
  'open failover, holder gone': {
    home: opensUnfenced('leaving'),
    protecting: opensUnfenced('leaving'),
    accepting: opensUnfenced('leaving'),
    leaving: wrong,
    fenced: wrong,
    left: wrong,
    away: wrong,
    guarding: wrong,
    owing: wrong,
    returning: wrong,
    returned: wrong,
  },
  'open failback, holder gone': {
    home: wrong,
    protecting: wrong,
    accepting: wrong,
    leaving: wrong,
    fenced: wrong,
    left: wrong,
    away: opens('owing'),
    guarding: opens('owing'),
    owing: wrong,
    returning: wrong,
    returned: wrong,
  },
  'open accept, holder gone': {
    home: opens('accepting'),
    protecting: opens('accepting'),
    accepting: opens('accepting'),
    leaving: wrong,
    fenced: wrong,
    left: wrong,
    away: wrong,
    guarding: wrong,
    owing: wrong,
    returning: wrong,
    returned: wrong,
  },
  'open again': {
    home: opens('protecting'),
    protecting: same,
    accepting: same,
    leaving: same,
    fenced: same,
    left: same,
    away: wrong,
    guarding: same,
    owing: same,
    returning: same,
    returned: same,
  },
  'take over': {
    home: wrong,
    protecting: wrong,
    accepting: wrong,
    leaving: opens('leaving'),
    fenced: opens('fenced'),
    left: opens('left'),
    away: wrong,
    guarding: wrong,
    owing: opens('owing'),
    returning: opens('returning'),
    returned: opens('returned'),
  },
  'take over, holder runs': {
    home: wrong,
    protecting: wrong,
    accepting: wrong,
    leaving: busy,
    fenced: busy,
    left: busy,
    away: wrong,
    guarding: wrong,
    owing: busy,
    returning: busy,
    returned: busy,
  },
  'take over again': {
    home: wrong,
    protecting: wrong,
    accepting: wrong,
    leaving: same,
    fenced: same,
    left: same,
    away: wrong,
    guarding: wrong,
    owing: same,
    returning: same,
    returned: same,
  },
  'take over, left undone': {
    ...everywhere(wrong),
    home: opens('leaving'),
    protecting: opens('leaving'),
    accepting: opens('leaving'),
    away: opens('owing'),
    guarding: opens('owing'),
  },
  renew: {
    home: stale,
    protecting: renews('protecting'),
    accepting: renews('accepting'),
    leaving: renews('leaving'),
    fenced: renews('fenced'),
    left: renews('left'),
    away: stale,
    guarding: renews('guarding'),
    owing: renews('owing'),
    returning: renews('returning'),
    returned: renews('returned'),
  },
  'fence confirmed': {
    home: stale,
    protecting: broken,
    accepting: broken,
    leaving: fences('fenced', 'confirmed'),
    fenced: fences('fenced', 'confirmed'),
    left: broken,
    away: stale,
    guarding: broken,
    owing: fences('returning', 'confirmed'),
    returning: fences('returning', 'confirmed'),
    returned: broken,
  },
  'fence owed': notStopped('owed'),
  'fence isolated': notStopped('isolated'),
  'fence waived': notStopped('waived'),
  unfence: {
    home: stale,
    protecting: broken,
    accepting: broken,
    leaving: fences('leaving', 'none'),
    fenced: fences('leaving', 'none'),
    left: broken,
    away: stale,
    guarding: broken,
    owing: broken,
    returning: broken,
    returned: broken,
  },
  commit: {
    home: stale,
    protecting: broken,
    accepting: broken,
    leaving: broken,
    fenced: commits('left', 'same'),
    left: same,
    away: stale,
    guarding: broken,
    owing: broken,
    returning: commits('returned', 'none'),
    returned: same,
  },
  'close succeeded': ended('succeeded'),
  'close rolled-back': ended('rolled-back'),
  'close failed': ended('failed'),
  'any of a stale holder': {
    home: stale,
    protecting: stale,
    accepting: stale,
    leaving: stale,
    fenced: stale,
    left: stale,
    away: stale,
    guarding: stale,
    owing: stale,
    returning: stale,
    returned: stale,
  },
};
