import { Map as MapState, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from './rights.ts';
import type { Tasks } from './tasks.ts';

/** Waves one after the other: bring up the servers of the wave side by side, then the health gate, in both of its halves. */
export function waves(scope: Construct, tasks: Tasks, bringUp: StepName): MapState {
  const all = new MapState(scope, 'Waves', { itemsPath: '$.waves', maxConcurrency: 1, resultPath: '$.last' });
  const servers = new MapState(scope, 'Servers of the wave', {
    itemsPath: '$.servers',
    maxConcurrency: 10,
    resultPath: '$.last',
  });
  servers.itemProcessor(tasks.untilEnd('Bring up', bringUp, { 'server.$': '$.server' }));
  const keep = new Pass(scope, 'Keep the probes', { inputPath: '$.poll.result.probes', resultPath: '$.probes' });
  const gate = { 'wave.$': '$.wave', 'site.$': '$.site' };
  const probe = tasks.untilEnd('Probe', 'waves/probe', { 'wave.$': '$.wave', 'probes.$': '$.probes' });
  keep.next(probe);
  servers.next(tasks.until('Status', 'waves/status', gate, keep));
  all.itemProcessor(servers);
  return all;
}
