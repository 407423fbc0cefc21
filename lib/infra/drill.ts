import { Choice, Condition, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { failed } from './machine.ts';
import { anyRetry } from './retry.ts';
import type { Tasks } from './tasks.ts';

export interface Drill {
  /** Where a drill goes whose servers are healthy. */
  readonly verify: State;
  /** Where a drill goes that failed; the failure is at `$.failure`. */
  readonly takeDown: State;
}

/** Verify → take down → close. A drill is taken down however it ends, and closes with the failure that ended it, if there is one. */
export function drill(scope: Construct, tasks: Tasks): Drill {
  const end = failed(scope, 'Drill failed');
  const endLeft = failed(scope, 'Drill left over', '$.undoing');
  const failure = { 'failure.$': '$.failure' };
  const closeFailed = tasks.call('Close failed drill', 'operation/close', {
    payload: { outcome: 'rolled-back', ...failure },
  });
  const closeLeft = tasks.call('Close drill left over', 'operation/close', {
    payload: { outcome: 'failed', 'failure.$': '$.undoing' },
  });
  const closeFailedAndLeft = tasks.call('Close failed drill left over', 'operation/close', {
    payload: { outcome: 'failed', ...failure, 'undoing.$': '$.undoing' },
  });
  const close = tasks.call('Close drill', 'operation/close', { payload: { outcome: 'succeeded' } });
  close.next(new Succeed(scope, 'Drilled'));
  for (const [task, next] of [
    [closeFailed, end],
    [closeFailedAndLeft, end],
    [closeLeft, endLeft],
  ] as const) {
    task.addCatch(next, { resultPath: '$.closing' });
    task.next(next);
  }
  const isFailed = Condition.isPresent('$.failure');
  const isLeft = new Choice(scope, 'Drill failed before?').when(isFailed, closeFailedAndLeft).otherwise(closeLeft);
  const hasPassed = new Choice(scope, 'Drill passed?').when(isFailed, closeFailed).otherwise(close);
  const { begin, look, isDone, wait } = tasks.poll('Take down', 'drill/take-down');
  isDone.when(Condition.booleanEquals('$.poll.result.done', true), hasPassed).otherwise(wait);
  look.addRetry(anyRetry);
  look.addCatch(isLeft, { resultPath: '$.undoing' });
  const verify = tasks.call('Verify', 'drill/verify');
  verify.addCatch(begin, { resultPath: '$.failure' });
  verify.next(begin);
  return { verify, takeDown: begin };
}
