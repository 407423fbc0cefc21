import { Map as MapState } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from './step-names.ts';
import type { Tasks } from './tasks.ts';

/** Waves one after the other: bring up the servers of the wave side by side, then the health gate. */
export function waves(scope: Construct, tasks: Tasks, bringUp: StepName): MapState {
  const all = new MapState(scope, 'Waves', { itemsPath: '$.waves', maxConcurrency: 1, resultPath: '$.last' });
  const servers = new MapState(scope, 'Servers of the wave', {
    itemsPath: '$.servers',
    maxConcurrency: 10,
    resultPath: '$.last',
  });
  servers.itemProcessor(tasks.untilEnd('Bring up', bringUp, { 'server.$': '$.server' }));
  const wave = { 'wave.$': '$.wave', 'site.$': '$.site' };
  servers.next(tasks.untilAnswered('Health', 'waves/health', wave, tasks.end('Health')));
  all.itemProcessor(servers);
  return all;
}
