import { DistributedMap, JsonPath, Map as MapState, Pass, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Tasks } from './tasks.ts';

/** Volumes whose deltas move side by side, and workers of one volume. @source aws-facts [2.9] */
const volumesAtOnce = 10;
const workersPerVolume = 10;

/**
 * The block engine for every transfer at `$.poll.result.transfers`: start the target, move the units in a Distributed Map,
 * complete. Units are three numbers each and results are dropped, so that the payload holds thousands of them [5.1]. The same states carry failback rounds and re-protection; `id` keeps their names apart.
 */
export function transferAll(scope: Construct, tasks: Tasks, id: string): MapState {
  const transfers = new MapState(scope, `${id}: volumes`, {
    itemsPath: '$.poll.result.transfers',
    maxConcurrency: volumesAtOnce,
    resultPath: JsonPath.DISCARD,
  });
  const start = tasks.call(`${id}: start`, 'transfer/start', {
    payload: { 'transfer.$': '$.transfer' },
    result: '$.work',
  });
  const units = new DistributedMap(scope, `${id}: units`, {
    itemsPath: '$.work.result.units',
    itemSelector: {
      'plan.$': '$.plan',
      'operation.$': '$.operation',
      'epoch.$': '$.epoch',
      'transfer.$': '$.transfer',
      'target.$': '$.work.result.target',
      'method.$': '$.work.result.method',
      'unit.$': '$$.Map.Item.Value',
    },
    maxConcurrency: workersPerVolume,
    mapExecutionType: StateMachineType.STANDARD,
    resultPath: JsonPath.DISCARD,
  });
  const move = tasks.call(`${id}: move`, 'transfer/move', { payload: null });
  units.itemProcessor(move.next(new Pass(scope, `${id}: moved`, { parameters: { done: true } })));
  const complete = tasks.untilEnd(`${id}: complete`, 'transfer/complete', {
    'transfer.$': '$.transfer',
    'target.$': '$.work.result.target',
  });
  transfers.itemProcessor(start.next(units).next(complete));
  return transfers;
}
