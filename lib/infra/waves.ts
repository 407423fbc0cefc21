import {
  Condition,
  DistributedMap,
  JsonPath,
  Map as MapState,
  type State,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { serversAtOnce } from '../domain/pace.ts';
import type { StepName } from './step-names.ts';
import type { Tasks } from './tasks.ts';

/** Waves one after the other: bring up the servers of the wave side by side, then the health gate, which fails of what could not be brought up. */
export function waves(scope: Construct, tasks: Tasks, bringUp: StepName): MapState {
  const all = new MapState(scope, 'Waves', { itemsPath: '$.waves', maxConcurrency: 1, resultPath: '$.last' });
  const servers = eachServer(scope, tasks, { id: 'Servers of the wave', call: 'Bring up', step: bringUp });
  const wave = { 'wave.$': '$.wave', 'site.$': '$.site' };
  servers.next(tasks.untilAnswered('Health', 'waves/health', wave, tasks.end('Health')));
  all.itemProcessor(servers);
  return all;
}

/** The images of all servers, as far as that works: what is missing in the end is registered by the launch. */
export function registerImages(scope: Construct, tasks: Tasks): State {
  const servers = eachServer(scope, tasks, {
    id: 'Images',
    call: 'Register image',
    step: 'failover/register',
    repeatsMax: 1,
  });
  const end = tasks.end('Images');
  servers.addCatch(end, { resultPath: JsonPath.DISCARD });
  servers.next(end);
  return servers;
}

interface EachServer {
  readonly id: string;
  readonly call: string;
  readonly step: StepName;
  /** On transient failures, where they must be fewer than those of the step. */
  readonly repeatsMax?: number;
}

/**
 * Polls a step for each server at `$.servers`, in an execution of its own, so that the history of the operation's stays short. No failure of one
 * server stops the others in the middle of what they do.
 */
function eachServer(scope: Construct, tasks: Tasks, { id, call, step, repeatsMax }: EachServer): DistributedMap {
  const servers = new DistributedMap(scope, id, {
    itemsPath: '$.servers',
    itemSelector: {
      'plan.$': '$.plan',
      'operation.$': '$.operation',
      'epoch.$': '$.epoch',
      'server.$': '$$.Map.Item.Value',
      'index.$': '$$.Map.Item.Index',
    },
    maxConcurrency: serversAtOnce,
    mapExecutionType: StateMachineType.STANDARD,
    resultPath: JsonPath.DISCARD,
  });
  const payload = { 'server.$': '$.server', 'index.$': '$.index' };
  const { begin, look, isDone, wait } = tasks.poll(call, step, payload, repeatsMax === undefined ? {} : { repeatsMax });
  const end = tasks.end(call);
  isDone.when(Condition.booleanEquals('$.poll.result.done', true), end).otherwise(wait);
  look.addCatch(end, { resultPath: JsonPath.DISCARD });
  servers.itemProcessor(begin);
  return servers;
}
