import {
  Choice,
  Condition,
  DistributedMap,
  JsonPath,
  Map as MapState,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { workersPerVolume } from '../domain/blocks.ts';
import type { Tasks } from './tasks.ts';

/** Volumes whose deltas move side by side. @source aws-facts [2.9] */
const volumesAtOnce = 10;

/**
 * The block engine for every transfer at `$.poll.result.transfers`: start the target, move the units in a Distributed Map,
 * complete. A worker whose time is up says what is left of its unit, and the next run goes on there. Units are three numbers each and results are dropped, so that the payload holds thousands of them [5.1]. The same states carry failback rounds and re-protection; `id` keeps their names apart.
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
      rest: { 'result.$': '$$.Map.Item.Value' },
    },
    maxConcurrency: workersPerVolume,
    mapExecutionType: StateMachineType.STANDARD,
    resultPath: JsonPath.DISCARD,
  });
  const move = tasks.call(`${id}: move`, 'transfer/move', {
    payload: { 'transfer.$': '$.transfer', 'target.$': '$.target', 'method.$': '$.method', 'unit.$': '$.rest.result' },
    result: '$.rest',
  });
  const isMoved = new Choice(scope, `${id}: moved?`)
    .when(Condition.booleanEquals('$.rest.result.done', true), tasks.end(`${id}: move`))
    .otherwise(move);
  units.itemProcessor(move.next(isMoved));
  const complete = tasks.untilEnd(`${id}: complete`, 'transfer/complete', {
    'transfer.$': '$.transfer',
    'target.$': '$.work.result.target',
  });
  transfers.itemProcessor(start.next(units).next(complete));
  return transfers;
}
