import type { Checker } from './checker.ts';

const resting = { primary: 'protected', recovery: 'recovered' } as const;

/** I11: every operation has ended as one of the four ends, nobody holds the plan, and people were told. */
export const ended: Checker = {
  name: 'ended',
  attach:
    () =>
    ({ stage, table }) => {
      const broken: string[] = [];
      const { state, operations } = table;
      if (state !== undefined && state.lease !== null)
        broken.push(`the plan is still held by ${state.lease.operation}`);
      if (state !== undefined && state.phase !== resting[state.activeSite])
        broken.push(`the phase at rest is ${state.phase} while production is at ${state.activeSite}`);
      for (const { status, name } of stage.states.executions)
        if (status === 'RUNNING') broken.push(`the execution ${name} still runs`);
      const told = stage.cloud.services(stage.plan.recovery.region).sns.messages.map(({ message }) => message);
      for (const { id, kind, outcome, cause } of operations) {
        if (outcome === 'running') broken.push(`${id} has no outcome`);
        if (outcome === 'failed' && kind !== 'protect' && kind !== 'accept')
          broken.push(`${id} could neither end nor be undone: ${cause ?? ''}`);
        if (outcome !== 'succeeded' && (cause ?? '') === '') broken.push(`${id} ended ${outcome} without a cause`);
        const isNews = kind !== 'protect' || outcome !== 'succeeded';
        if (isNews && !told.some((message) => message.includes(id))) broken.push(`nobody was told of ${id}`);
      }
      return broken.map((line) => `I11 ${line}`);
    },
};
