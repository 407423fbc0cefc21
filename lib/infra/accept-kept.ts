import { Choice, Condition, type Fail, type State, type Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { failed } from './machine.ts';
import type { Tasks } from './tasks.ts';

/** Says what stays after a failback that has committed, then closes. Without that it has succeeded all the same, and the cause tells. */
export function listKept(tasks: Tasks, { close, done, end }: { close: State; done: Succeed; end: Fail }): State {
  const list = tasks.call('List kept', 'failback/list-kept');
  const closeWithout = tasks.call('Close without list', 'operation/close', {
    payload: { outcome: 'succeeded', 'failure.$': '$.failure' },
  });
  closeWithout.addCatch(end, { resultPath: '$.closing' });
  closeWithout.next(done);
  list.addCatch(closeWithout, { resultPath: '$.failure' });
  list.next(close);
  return list;
}

/** An accept: says what goes → unless that is all that was asked for, removes it → `close`. What is removed is not taken back: a failure closes it as failed. */
export function acceptKept(scope: Construct, tasks: Tasks, close: State): State {
  const end = failed(scope, 'Accept failed');
  const closeFailed = tasks.call('Close failed accept', 'operation/close', {
    payload: { outcome: 'failed', 'failure.$': '$.failure' },
  });
  closeFailed.addCatch(end, { resultPath: '$.closing' });
  closeFailed.next(end);
  const remove = tasks.poll('Accept', 'failback/accept');
  remove.isDone.when(Condition.booleanEquals('$.poll.result.done', true), close).otherwise(remove.wait);
  const list = tasks.call('List for accept', 'failback/list-kept');
  const isListOnly = new Choice(scope, 'List only?')
    .when(Condition.booleanEquals('$.dryRun', true), close)
    .otherwise(remove.begin);
  list.next(isListOnly);
  for (const task of [list, remove.look]) task.addCatch(closeFailed, { resultPath: '$.failure' });
  return list;
}
