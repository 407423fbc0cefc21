import {
  Condition,
  type IChainable,
  JsonPath,
  Map as MapState,
  Parallel,
  Pass,
  type State,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { Tasks } from './tasks.ts';
import { transferAll } from './transfer.ts';

/** Servers described side by side. */
const serversAtOnce = 10;

/**
 * What was captured for the point at `$.point` is brought to the recovery Region and made available: replicate (copies by AWS, deltas by the
 * engine), and beside it describe every server → seal → `next`. `isStopped`: the servers are, and nobody is served meanwhile.
 */
export function bringOver(
  scope: Construct,
  tasks: Tasks,
  { next, isStopped }: { readonly next: IChainable; readonly isStopped: boolean },
): { readonly begin: Parallel; readonly guarded: readonly (LambdaInvoke | Parallel)[] } {
  const point = { 'point.$': '$.point' };
  const seal = tasks.call('Seal', 'protect/seal', {
    payload: { ...point, 'described.$': '$.broughtOver.described' },
  });
  seal.next(next);
  const begin = new Parallel(scope, 'Bring over', {
    resultSelector: { 'described.$': '$[1]' },
    resultPath: '$.broughtOver',
  });
  begin.branch(replicateAll(scope, tasks, { ...point, isStopped }), describeServers(scope, tasks));
  begin.next(seal);
  return { begin, guarded: [begin, seal] };
}

/** The snapshot of the manifest is begun before, so that AWS knows it when there is something to write. */
function replicateAll(scope: Construct, tasks: Tasks, payload: Readonly<Record<string, unknown>>): State {
  const replicate = tasks.poll('Replicate', 'protect/replicate', payload);
  const transfers = transferAll(scope, tasks, 'Delta');
  transfers.next(replicate.begin);
  replicate.isDone
    .when(Condition.isPresent('$.poll.result.transfers[0]'), transfers)
    .when(Condition.booleanEquals('$.poll.result.done', true), tasks.end('Replicate'))
    .otherwise(replicate.wait);
  const begin = tasks.call('Begin manifest', 'operation/manifest', { payload: { begin: true, poll: { polls: 0 } } });
  begin.next(replicate.begin);
  begin.addCatch(replicate.begin, { resultPath: '$.last' });
  return begin;
}

/**
 * A failure here would end the other branch where it stands, while its function goes on and begins copies that nobody knows of: it waits
 * for the seal, which tells it.
 */
function describeServers(scope: Construct, tasks: Tasks): State {
  const servers = new MapState(scope, 'Describe servers', {
    itemsPath: '$.selected.result.servers',
    maxConcurrency: serversAtOnce,
    resultPath: JsonPath.DISCARD,
  });
  servers.itemProcessor(tasks.call('Describe', 'protect/describe', { payload: null }));
  servers.next(new Pass(scope, 'Described', { parameters: {} }));
  servers.addCatch(new Pass(scope, 'Not described', { parameters: { 'failure.$': '$.failure' } }), {
    resultPath: '$.failure',
  });
  return servers;
}
