import { Condition, type IChainable, type Map as MapState, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { Tasks } from './tasks.ts';
import { transferAll } from './transfer.ts';

/**
 * What was captured for the point at `$.point` is brought to the recovery Region and made available: replicate (copies by AWS, deltas by the
 * engine) → seal → `next`. `isStopped`: the servers are, and nobody is served meanwhile. The snapshot of the manifest is begun before, so that AWS knows it when there is something to write.
 */
export function bringOver(
  scope: Construct,
  tasks: Tasks,
  { next, isStopped }: { readonly next: IChainable; readonly isStopped: boolean },
): { readonly begin: State; readonly guarded: readonly (LambdaInvoke | MapState)[] } {
  const point = { 'point.$': '$.point' };
  const seal = tasks.call('Seal', 'protect/seal', { payload: point });
  seal.next(next);
  const replicate = tasks.poll('Replicate', 'protect/replicate', { ...point, isStopped });
  const transfers = transferAll(scope, tasks, 'Delta');
  transfers.next(replicate.begin);
  replicate.isDone
    .when(Condition.isPresent('$.poll.result.transfers[0]'), transfers)
    .when(Condition.booleanEquals('$.poll.result.done', true), seal)
    .otherwise(replicate.wait);
  const begin = tasks.call('Begin manifest', 'operation/manifest', { payload: { begin: true, poll: { polls: 0 } } });
  begin.next(replicate.begin);
  begin.addCatch(replicate.begin, { resultPath: '$.last' });
  return { begin, guarded: [replicate.look, transfers, seal] };
}
