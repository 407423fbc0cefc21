import type { Checker } from './checker.ts';

/** I8: no server is left frozen. */
export const thawed: Checker = {
  name: 'thawed',
  attach:
    () =>
    ({ stage }) =>
      Object.entries(stage.plan.servers)
        .filter(([, { instance }]) => stage.guests.isFrozen(instance))
        .map(([name]) => `I8 server ${name} is left frozen`),
};
