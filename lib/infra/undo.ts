import { Choice, Condition, type Fail, type IChainable, Pass, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { failed } from './machine.ts';
import { anyRetry } from './retry.ts';
import type { StepName } from './step-names.ts';
import type { Tasks } from './tasks.ts';

export interface Compensation {
  /** Where a caught failure goes; the failure is at `$.failure`. */
  readonly begin: State;
  readonly end: Fail;
}

/** The undo of one operation, in order. Deleting and switching traffic are steps apart, so that no role may do both. */
export interface Undo {
  /** Servers: those that must not serve gone or stopped, those that serve again running. */
  readonly servers: StepName;
  /** Where traffic goes back to. */
  readonly trafficTo: 'primary' | 'recovery';
  /** What is cleared away once users are served, without which the operation is not undone. */
  readonly clearing?: Readonly<Record<string, StepName>>;
  /** What comes after that, and need not succeed: states that lead to `next`. */
  atLast?(next: State): State;
}

/** An operation whose execution was stopped is opened again only to be undone; any other goes on to `next`. */
export function orUndo(scope: Construct, { begin }: Pick<Compensation, 'begin'>, next: State): Choice {
  return new Choice(scope, 'Undo only?').when(Condition.isPresent('$.undo'), begin).otherwise(next);
}

/** Undo, close as rolled back, end with the failure. When the undo itself fails, the operation closes as failed. */
export function compensate(
  scope: Construct,
  tasks: Tasks,
  { servers, trafficTo, clearing = {}, atLast }: Undo,
): Compensation {
  const end = failed(scope, 'Failed');
  const close = (id: string, outcome: string, more: Record<string, string> = {}) => {
    const task = tasks.call(id, 'operation/close', { payload: { outcome, 'failure.$': '$.failure', ...more } });
    task.addCatch(end, { resultPath: '$.closing' });
    task.next(end);
    return task;
  };
  const rolledBack = close('Close after undo', 'rolled-back');
  const notUndone = close('Close after failed undo', 'failed', { 'undoing.$': '$.undoing' });
  const last = atLast?.(rolledBack) ?? rolledBack;
  const before = new Set(tasks.made);
  const clear = Object.entries(clearing).reduceRight<IChainable>(
    (next, [id, step]) => tasks.until(id, step, {}, next),
    last,
  );
  const traffic = tasks.until('Restore traffic', 'traffic/restore', { to: trafficTo }, clear);
  // What the undo said is asked for once more at the end, after other looks.
  const undone = new Pass(scope, 'Undone', { inputPath: '$.poll.result', resultPath: '$.undone' }).next(traffic);
  const begin = tasks.until('Undo', servers, {}, undone);
  for (const task of tasks.made) {
    if (before.has(task)) continue;
    task.addRetry(anyRetry);
    task.addCatch(notUndone, { resultPath: '$.undoing' });
  }
  return { begin, end };
}
