import {
  Choice,
  Condition,
  type IChainable,
  JsonPath,
  type Map as MapState,
  Parallel,
  Pass,
  type State,
  type StateMachine,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { bringOver } from './bring-over.ts';
import { captureStoppedServers } from './capture.ts';
import { drill } from './drill.ts';
import { operationMachine } from './machine.ts';
import { keepManifest } from './manifest.ts';
import type { StepFunctions } from './step-functions.ts';
import { opening, Tasks } from './tasks.ts';
import { compensate, orUndo } from './undo.ts';
import { registerImages, waves } from './waves.ts';

/** Tasks whose failure, like that of any map, is undone. */
const undoable = ['Preflight', 'Begin last point', 'Switch traffic', 'Ask in Switch traffic', 'Commit'];

/**
 * Failover: preflight → fence the primary, and register the images → [planned: a last point of the stopped servers] → waves with health gates → traffic → commit
 * → protections of the servers → what is left of servers that were left out. Any failure before commit is undone; without what comes after it has
 * succeeded all the same, which is the cause with which it closes.
 */
export class FailoverMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, functions: StepFunctions) {
    super(scope, 'Failover');
    const tasks = new Tasks(this, functions);
    const close = tasks.call('Close', 'operation/close', { payload: { outcome: 'succeeded' } });
    const done = new Succeed(this, 'Recovered');
    close.next(done);
    const commit = tasks.call('Commit', 'failover/commit');
    const traffic = tasks.untilAnswered('Switch traffic', 'traffic/switch', { to: 'recovery' }, commit);
    const servers = waves(this, tasks, 'failover/launch');
    const drilled = drill(this, tasks);
    const isDrill = Condition.isPresent('$.isDrill');
    servers.next(new Choice(this, 'Drill?').when(isDrill, drilled.verify).otherwise(traffic));
    const { hasLastPoint, capture, broughtOver } = this.#lastPoint(tasks, servers);
    const fence = this.#fence(tasks, hasLastPoint);
    const lastPoint = tasks.call('Begin last point', 'failover/last-point', {
      payload: { 'dryRun.$': '$.dryRun' },
      result: 'replace',
    });
    lastPoint.next(fence.begin);
    const isDryRun = new Choice(this, 'Dry run?')
      .when(Condition.booleanEquals('$.dryRun', true), close)
      .when(isDrill, servers)
      .when(Condition.isPresent('$.isPlanned'), lastPoint)
      .otherwise(fence.begin);
    const preflight = tasks.call('Preflight', 'failover/preflight');
    preflight.next(isDryRun);

    const undone = compensate(this, tasks, {
      servers: 'failover/undo',
      trafficTo: 'primary',
      atLast: (next) => this.#pruneGivenUp(tasks, next),
    });
    const begin = new Choice(this, 'Drill to take down?').when(isDrill, drilled.takeDown).otherwise(undone.begin);
    fence.failed.next(begin);
    const guarded = tasks.made.filter(({ node }) => undoable.includes(node.id));
    for (const state of [capture, ...broughtOver.guarded, servers, fence.begin, ...guarded])
      state.addCatch(begin, { resultPath: '$.failure' });

    const safeguard = tasks.call('Safeguard', 'failover/safeguard');
    commit.next(safeguard);
    const closeWithout = tasks.call('Close without protections', 'operation/close', {
      payload: { outcome: 'succeeded', 'failure.$': '$.failure' },
    });
    closeWithout.addCatch(undone.end, { resultPath: '$.closing' });
    closeWithout.next(done);
    const isSafe = new Choice(this, 'Safeguarded?')
      .when(Condition.isPresent('$.failure'), closeWithout)
      .otherwise(close);
    const manifest = keepManifest(tasks, { close: isSafe, done, end: undone.end });
    const clear = tasks.poll('Clear left out', 'failover/clear');
    clear.isDone.when(Condition.booleanEquals('$.poll.result.done', true), manifest).otherwise(clear.wait);
    clear.look.addCatch(manifest, { resultPath: '$.failure' });
    safeguard.next(clear.begin);
    safeguard.addCatch(clear.begin, { resultPath: '$.failure' });

    const open = tasks.call('Open', 'failover/open', opening);
    const isSwitch = new Choice(this, 'Switch only?')
      .when(Condition.isPresent('$.automatic'), new Succeed(this, 'Switched'))
      .when(Condition.isPresent('$.answered'), new Succeed(this, 'Answered'))
      .otherwise(orUndo(this, { begin }, preflight));
    open.next(isSwitch);
    this.machine = operationMachine(this, 'Failover', this.#orCalledOff(tasks, open), tasks.functions);
  }

  /**
   * The primary is fenced, and beside that the images are registered. A failed fence waits for those: the undo then finds all of them. `failed` leads on
   * from there, with the failure at `$.failure`.
   */
  #fence(tasks: Tasks, next: IChainable): { readonly begin: Parallel; readonly failed: Pass } {
    const begin = new Parallel(this, 'Fence and images', {
      resultSelector: { 'fence.$': '$[0]' },
      resultPath: '$.readied',
    });
    const fence = tasks.untilAnswered('Fence', 'failover/fence', {}, tasks.end('Fence'));
    const notFenced = new Pass(this, 'Not fenced', { parameters: { 'failure.$': '$.failure' } });
    for (const task of tasks.made.filter(({ node }) => ['Fence', 'Ask in Fence'].includes(node.id)))
      task.addCatch(notFenced, { resultPath: '$.failure' });
    begin.branch(fence, registerImages(this, tasks));
    const failed = new Pass(this, 'Fence failed', { inputPath: '$.readied.fence.failure', resultPath: '$.failure' });
    const isFenced = new Choice(this, 'Fenced?')
      .when(Condition.isPresent('$.readied.fence.failure'), failed)
      .otherwise(next as State);
    begin.next(isFenced);
    return { begin, failed };
  }

  /** A planned failover captures its stopped servers, and launches them from that. */
  #lastPoint(tasks: Tasks, servers: MapState) {
    const broughtOver = bringOver(this, tasks, { next: servers, isStopped: true });
    const capture = captureStoppedServers(this, tasks);
    capture.next(broughtOver.begin);
    const hasLastPoint = new Choice(this, 'Last point?')
      .when(Condition.isPresent('$.point'), capture)
      .otherwise(servers);
    return { hasLastPoint, capture, broughtOver };
  }

  /** What was captured for a point that the undo gave up. Where that fails, the prune of the next protect run does it. */
  #pruneGivenUp(tasks: Tasks, next: State): State {
    const { begin, look, isDone, wait } = tasks.poll('Prune after undo', 'protect/prune');
    look.addCatch(next, { resultPath: '$.pruning' });
    isDone.when(Condition.booleanEquals('$.poll.result.done', true), next).otherwise(wait);
    return new Choice(this, 'Point given up?').when(Condition.isPresent('$.undone.givenUp[0]'), begin).otherwise(next);
  }

  /** A failover that an alarm started may wait first, so that a person can call it off. Where the look at that fails, it goes on. */
  #orCalledOff(tasks: Tasks, open: LambdaInvoke): Choice {
    const payload = { 'plan.$': '$.plan', 'alarm.$': '$.alarm', 'execution.$': '$$.Execution.Id' };
    const veto = tasks.poll('Veto', 'failover/veto', payload, { withoutContext: true });
    veto.look.addCatch(open, { resultPath: JsonPath.DISCARD });
    veto.isDone
      .when(Condition.booleanEquals('$.poll.result.isWanted', false), new Succeed(this, 'Called off'))
      .when(Condition.booleanEquals('$.poll.result.done', true), open)
      .otherwise(veto.wait);
    return new Choice(this, 'May be called off?')
      .when(Condition.isPresent('$.alarm.cancelUntil'), veto.begin)
      .otherwise(open);
  }
}
