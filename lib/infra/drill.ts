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
  const failure = { 'failure.$': '$.failure' };
  const closeFailed = tasks.call('Close failed drill', 'operation/close', {
    payload: { outcome: 'rolled-back', ...failure },
  });
  const closeLeft = tasks.call('Close drill left over', 'operation/close', {
    payload: { outcome: 'failed', ...failure },
  });
  const close = tasks.call('Close drill', 'operation/close', { payload: { outcome: 'succeeded' } });
  close.next(new Succeed(scope, 'Drilled'));
  for (const task of [closeFailed, closeLeft]) {
    task.addCatch(end, { resultPath: '$.closing' });
    task.next(end);
  }
  const hasPassed = new Choice(scope, 'Drill passed?')
    .when(Condition.isPresent('$.failure'), closeFailed)
    .otherwise(close);
  const { begin, look, isDone, wait } = tasks.poll('Take down', 'drill/take-down');
  isDone.when(Condition.booleanEquals('$.poll.result.done', true), hasPassed).otherwise(wait);
  look.addRetry(anyRetry);
  look.addCatch(closeLeft, { resultPath: '$.failure' });
  const verify = tasks.call('Verify', 'drill/verify');
  verify.addCatch(begin, { resultPath: '$.failure' });
  verify.next(begin);
  return { verify, takeDown: begin };
}
