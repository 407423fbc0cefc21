import type { Run } from './runs.ts';
import { modeOf, recordClean, runCases } from './sweep.ts';

/** What the parent asks of a worker; it answers each with what the function gave. */
export type Order = { readonly assembly: string } & (
  | { readonly kind: 'record'; readonly mode: string }
  | { readonly kind: 'run'; readonly run: Run }
);

process.on('message', (order: Order) => {
  const work =
    order.kind === 'record' ? recordClean(modeOf(order.mode), order.assembly) : runCases(order.run, order.assembly);
  work.then(
    (done) => process.send?.({ done }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
