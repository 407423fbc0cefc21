import type { Fail, State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Tasks } from './tasks.ts';

/**
 * Keeps the manifest of an operation that has committed, then closes. Without a manifest it has succeeded all the same: that there is
 * none is the cause with which it closes, and somebody is told.
 */
export function keepManifest(tasks: Tasks, { close, done, end }: { close: State; done: Succeed; end: Fail }): State {
  const begin = tasks.until('Manifest', 'operation/manifest', {}, close);
  const closeWithout = tasks.call('Close without manifest', 'operation/close', {
    payload: { outcome: 'succeeded', 'failure.$': '$.failure' },
  });
  closeWithout.addCatch(end, { resultPath: '$.closing' });
  closeWithout.next(done);
  for (const task of tasks.made)
    if (task.node.id === 'Manifest') task.addCatch(closeWithout, { resultPath: '$.failure' });
  return begin;
}
