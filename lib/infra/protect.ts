import { Choice, Condition, type State, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { bringOver } from './bring-over.ts';
import { captureServers } from './capture.ts';
import { failed, operationMachine } from './machine.ts';
import { round } from './rounds.ts';
import type { StepFunctions } from './step-functions.ts';
import { opening, Tasks } from './tasks.ts';

/**
 * Protect: capture (commands around it where the plan has them) → replicate (copies by AWS, deltas by the engine) → seal → manifest → prune. While
 * production is away: one delta round home → manifest → prune.
 */
export class ProtectMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, functions: StepFunctions) {
    super(scope, 'Protect');
    const tasks = new Tasks(this, functions);
    const point = { 'point.$': '$.point' };

    const prune = pruneAndClose(this, tasks);
    const manifest = tasks.until('Manifest', 'operation/manifest', {}, prune);
    const broughtOver = bringOver(this, tasks, { next: manifest, isStopped: false });
    const capture = captureServers(this, tasks);
    capture.next(broughtOver.begin);
    const select = tasks.call('Select', 'protect/select', { payload: point, result: '$.selected' });
    select.next(capture);

    const abort = tasks.call('Abort', 'protect/abort', { payload: point });
    const end = failed(this, 'Failed');
    const closeFailed = tasks.call('Close after failure', 'operation/close', {
      payload: { outcome: 'failed', 'failure.$': '$.failure' },
    });
    closeFailed.addCatch(end, { resultPath: '$.closing' });
    closeFailed.next(end);
    abort.next(tasks.until('Prune after failure', 'protect/prune', {}, closeFailed));
    abort.addCatch(closeFailed, { resultPath: '$.aborting' });
    const thaw = tasks.until('Thaw after failure', 'protect/thaw', { 'endedPoint.$': '$.point' }, abort);
    capture.addCatch(thaw, { resultPath: '$.failure' });
    for (const task of tasks.made) {
      if (task.node.id === 'Prune after failure') task.addCatch(closeFailed, { resultPath: '$.pruning' });
      if (task.node.id === 'Thaw after failure') task.addCatch(abort, { resultPath: '$.thawing' });
    }
    for (const state of [select, ...broughtOver.guarded]) state.addCatch(abort, { resultPath: '$.failure' });

    const rounds = round(this, tasks, {
      id: 'Round',
      final: false,
      next: manifest,
      otherwise: prune,
      isOfFailback: false,
    });
    // What both kinds of runs come to. The snapshots of a round that failed may be all that there is beside what serves: a later prune takes them.
    const ofWhich = new Choice(this, 'Of rounds?').when(Condition.isPresent('$.isAway'), closeFailed).otherwise(abort);
    const shared = ['Manifest', 'Prune', 'Thaw again', 'Close', 'Round', 'Finish Round'];
    for (const state of [rounds.move, ...tasks.made.filter(({ node }) => shared.includes(node.id))])
      state.addCatch(ofWhich, { resultPath: '$.failure' });

    const open = tasks.call('Open', 'protect/open', opening);
    const isSkipped = new Choice(this, 'Skipped?')
      .when(Condition.booleanEquals('$.skipped', true), new Succeed(this, 'Skipped'))
      .when(Condition.isPresent('$.isAway'), rounds.begin)
      .otherwise(select);
    this.machine = operationMachine(this, 'Protect', open.next(isSkipped), tasks.functions);
  }
}

/** The end of a run that goes well; what it froze and could not thaw is tried once more, or fails it. */
function pruneAndClose(scope: Construct, tasks: Tasks): State {
  const done = tasks
    .call('Close', 'operation/close', { payload: { outcome: 'succeeded' } })
    .next(new Succeed(scope, 'Protected'));
  const { begin, isDone, wait } = tasks.poll('Prune', 'protect/prune');
  const thawAgain = tasks.until('Thaw again', 'protect/thaw', { isLast: true }, done);
  isDone
    .when(Condition.isPresent('$.poll.result.frozen[0]'), thawAgain)
    .when(Condition.booleanEquals('$.poll.result.done', true), done)
    .otherwise(wait);
  return begin;
}
