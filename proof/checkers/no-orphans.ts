import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Checker } from './checker.ts';

/** I8: nothing is left that nobody answers for. */
export const noOrphans: Checker = {
  name: 'no-orphans',
  attach(stage) {
    const before = new Set(inventory(stage));
    return async () => (await findLeftovers(stage, before)).map((name) => `I8 left over: ${name}`);
  },
};
