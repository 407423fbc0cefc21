import { Choice, Condition, Map as MapState, Pass, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { failed, operationMachine } from './machine.ts';
import type { StepFunctions } from './step-functions.ts';
import { opening, Tasks } from './tasks.ts';
import { transferAll } from './transfer.ts';

/** Protect: capture → replicate (copies by AWS, deltas by the engine) → seal → manifest → prune. */
export class ProtectMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, functions: StepFunctions) {
    super(scope, 'Protect');
    const tasks = new Tasks(this, functions);
    const point = { 'point.$': '$.point' };

    const done = tasks
      .call('Close', 'operation/close', { payload: { outcome: 'succeeded' } })
      .next(new Succeed(this, 'Protected'));
    const prune = tasks.until('Prune', 'protect/prune', point, done);
    const seal = tasks.call('Seal', 'protect/seal', { payload: point });
    seal.next(tasks.until('Manifest', 'operation/manifest', {}, prune));

    const replicate = tasks.poll('Replicate', 'protect/replicate', point);
    const transfers = transferAll(this, tasks, 'Delta');
    transfers.next(replicate.begin);
    replicate.isDone
      .when(Condition.isPresent('$.poll.result.transfers[0]'), transfers)
      .when(Condition.booleanEquals('$.poll.result.done', true), seal)
      .otherwise(replicate.wait);

    const capture = new MapState(this, 'Capture servers', {
      itemsPath: '$.selected.result.servers',
      maxConcurrency: 10,
      resultPath: '$.last',
    });
    capture.itemProcessor(tasks.call('Capture', 'protect/capture', { payload: null }).next(new Pass(this, 'Captured')));
    const beginManifest = tasks.call('Begin manifest', 'operation/manifest', {
      payload: { begin: true, poll: { polls: 0 } },
    });
    beginManifest.next(replicate.begin);
    beginManifest.addCatch(replicate.begin, { resultPath: '$.last' });
    capture.next(beginManifest);
    const select = tasks.call('Select', 'protect/select', { payload: point, result: '$.selected' });
    select.next(capture);

    const abort = tasks.call('Abort', 'protect/abort', { payload: point });
    const end = failed(this, 'Failed');
    const closeFailed = tasks.call('Close after failure', 'operation/close', {
      payload: { outcome: 'failed', 'failure.$': '$.failure' },
    });
    closeFailed.addCatch(end, { resultPath: '$.closing' });
    closeFailed.next(end);
    abort.next(tasks.until('Prune after failure', 'protect/prune', point, closeFailed));
    abort.addCatch(closeFailed, { resultPath: '$.aborting' });
    for (const task of tasks.made)
      if (task.node.id === 'Prune after failure') task.addCatch(closeFailed, { resultPath: '$.pruning' });
    for (const state of [
      select,
      capture,
      transfers,
      seal,
      replicate.look,
      ...tasks.made.filter(({ node }) => ['Manifest', 'Prune', 'Close'].includes(node.id)),
    ]) {
      state.addCatch(abort, { resultPath: '$.failure' });
    }

    const open = tasks.call('Open', 'protect/open', opening);
    const isSkipped = new Choice(this, 'Skipped?')
      .when(Condition.booleanEquals('$.skipped', true), new Succeed(this, 'Skipped'))
      .otherwise(select);
    this.machine = operationMachine(this, 'Protect', open.next(isSkipped), tasks.functions);
  }
}
