import { Map as MapState } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from './rights.ts';
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
  servers.next(tasks.untilEnd('Health', 'waves/health', { 'wave.$': '$.wave', 'site.$': '$.site' }));
  all.itemProcessor(servers);
  return all;
}
