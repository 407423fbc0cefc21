import { Choice, Condition, type Fail, type IChainable, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { failed } from './machine.ts';
import type { StepName } from './rights.ts';
import type { Tasks } from './tasks.ts';

export interface Compensation {
  /** Where a caught failure goes; the failure is at `$.failure`. */
  readonly begin: State;
  readonly end: Fail;
}

/** An operation whose execution was stopped is opened again only to be undone; any other goes on to `next`. */
export function orUndo(scope: Construct, { begin }: Compensation, next: State): Choice {
  return new Choice(scope, 'Undo only?').when(Condition.isPresent('$.undo'), begin).otherwise(next);
}

/** Undo, close as rolled back, end with the failure. When the undo itself fails, the operation closes as failed. */
export function compensate(scope: Construct, tasks: Tasks, undo: StepName): Compensation {
  const end = failed(scope, 'Failed');
  const close = (id: string, outcome: string, more: Record<string, string> = {}) => {
    const task = tasks.call(id, 'operation/close', { payload: { outcome, 'failure.$': '$.failure', ...more } });
    task.addCatch(end, { resultPath: '$.closing' });
    task.next(end);
    return task;
  };
  const rolledBack: IChainable = close('Close after undo', 'rolled-back');
  const notUndone = close('Close after failed undo', 'failed', { 'undoing.$': '$.undoing' });
  const begin = tasks.until('Undo', undo, {}, rolledBack);
  for (const task of tasks.made) if (task.node.id === 'Undo') task.addCatch(notUndone, { resultPath: '$.undoing' });
  return { begin, end };
}
