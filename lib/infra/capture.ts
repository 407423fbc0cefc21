import { Choice, Condition, Map as MapState, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Tasks } from './tasks.ts';

/** Servers captured side by side. */
const serversAtOnce = 10;

/** While a server is frozen: 2 + 4 + 8 s of pauses at most. After that it is thawed first, and captured as any other. */
const frozenRepeatsMax = 3;

/**
 * Captures every server of the plan. One that has commands is frozen before and thawed after; whatever becomes of freezing and capturing, its
 * branch leads to the thaw. Where a branch fails the map does, and stops the others wherever they are: its catch thaws what they froze.
 */
export function captureServers(scope: Construct, tasks: Tasks): MapState {
  const servers = selectedServers(scope);
  const server = { 'server.$': '$.server' };
  const point = { 'point.$': '$.point' };
  const capture = tasks.call('Capture', 'protect/capture', { payload: null });
  const freeze = tasks.poll('Freeze', 'protect/freeze', { ...server, ...point });
  const whileFrozen = tasks.call('Capture while frozen', 'protect/capture', {
    payload: { ...server, ...point },
    result: '$.captured',
    repeatsMax: frozenRepeatsMax,
  });
  const thaw = tasks.poll('Thaw', 'protect/thaw', server);
  const isDone = Condition.booleanEquals('$.poll.result.done', true);
  freeze.isDone
    .when(Condition.booleanEquals('$.poll.result.isFrozen', true), whileFrozen)
    .when(isDone, thaw.begin)
    .otherwise(freeze.wait);
  whileFrozen.next(thaw.begin);
  whileFrozen.addCatch(thaw.begin, { resultPath: '$.notCaptured' });
  thaw.isDone
    .when(Condition.and(isDone, Condition.isPresent('$.captured')), new Pass(scope, 'Captured'))
    .when(isDone, capture)
    .otherwise(thaw.wait);
  const hasCommands = Condition.isPresent('$.hasCommands');
  servers.itemProcessor(new Choice(scope, 'Commands?').when(hasCommands, freeze.begin).otherwise(capture));
  return servers;
}

/** Captures every server of the plan as it is: for servers that are stopped, which no command reaches. */
export function captureStoppedServers(scope: Construct, tasks: Tasks): MapState {
  const servers = selectedServers(scope);
  servers.itemProcessor(tasks.call('Capture', 'protect/capture', { payload: null }));
  return servers;
}

function selectedServers(scope: Construct): MapState {
  return new MapState(scope, 'Capture servers', {
    itemsPath: '$.selected.result.servers',
    maxConcurrency: serversAtOnce,
    resultPath: '$.last',
  });
}
