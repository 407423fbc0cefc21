import type { Checker } from './checker.ts';

/** Nothing was asked of the simulated cloud that it does not model, and no event was lost for good. */
export const modelled: Checker = {
  name: 'modelled',
  attach:
    () =>
    ({ stage }) => {
      const { lostEvents } = stage.cloud.services(stage.plan.recovery.region).lambda;
      return [
        ...stage.cloud.notModelled,
        ...lostEvents.map(({ functionName, error }) => `an event of ${functionName} was lost: ${error.errorMessage}`),
      ];
    },
};
