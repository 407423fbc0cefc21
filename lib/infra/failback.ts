import {
  Choice,
  Condition,
  type Fail,
  Map as MapState,
  type State,
  type StateMachine,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acceptKept, listAndKeep } from './accept-kept.ts';
import { operationMachine } from './machine.ts';
import { round } from './rounds.ts';
import type { StepFunctions } from './step-functions.ts';
import { opening, Tasks } from './tasks.ts';
import { compensate, orUndo } from './undo.ts';
import { waves } from './waves.ts';

/** Tasks whose failure, like that of any map, is undone. */
const undoable = [
  'Fence',
  'Put back after fence',
  'Put back earlier',
  'Estimate',
  'Ask in Estimate',
  'Sweep estimate',
  'Pay fence',
  'Ask in Pay fence',
  'Round',
  'Ask in Round',
  'Finish Round',
  'Stop recovery',
  'Ask in Stop recovery',
  'Final round',
  'Ask in Final round',
  'Finish Final round',
  'Switch traffic',
  'Commit',
];

/** Failback: [only the owed fence] · estimate → pay the fence → delta rounds while recovery serves → stop it → last round → rebuild → waves → traffic → commit → what stays is listed. An accept takes that away: list → [remove]. */
export class FailbackMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, functions: StepFunctions) {
    super(scope, 'Failback');
    const tasks = new Tasks(this, functions);
    const close = tasks.call('Close', 'operation/close', { payload: { outcome: 'succeeded' } });
    const done = new Succeed(this, 'Home');
    close.next(done);
    const commit = tasks.call('Commit', 'failback/commit');
    const traffic = tasks.until('Switch traffic', 'traffic/switch', { to: 'primary' }, commit);
    const servers = waves(this, tasks, 'failback/start');
    servers.next(traffic);
    const rebuild = new MapState(this, 'Rebuild servers', {
      itemsPath: '$.servers',
      maxConcurrency: 10,
      resultPath: '$.last',
    });
    rebuild.itemProcessor(tasks.untilEnd('Rebuild', 'failback/rebuild', { 'server.$': '$.server' }));
    rebuild.next(servers);

    const last = round(this, tasks, { id: 'Final round', final: true, next: rebuild, isOfFailback: true });
    const stop = tasks.untilAnswered('Stop recovery', 'failback/stop-recovery', {}, last.begin);
    const serving = round(this, tasks, { id: 'Round', final: false, next: stop, isOfFailback: true });
    const isWhole = new Choice(this, 'Left at home?');
    const payFence = tasks.untilAnswered('Pay fence', 'failback/pay-fence', {}, isWhole);
    const earlier = { earlier: true };
    isWhole
      .when(
        Condition.isPresent('$.poll.result.isToPutBack'),
        tasks.until('Put back earlier', 'failback/put-back', earlier, payFence),
      )
      .otherwise(serving.begin);
    const isEstimate = new Choice(this, 'Estimate only?')
      .when(Condition.booleanEquals('$.estimateOnly', true), tasks.until('Sweep estimate', 'failback/sweep', {}, close))
      .otherwise(payFence);
    const estimate = tasks.untilAnswered('Estimate', 'failback/estimate', {}, isEstimate);
    const tidy = tasks.until('Put back after fence', 'failback/put-back', earlier, close);
    const fenceOnly = tasks.until('Fence', 'failback/fence', {}, tidy);
    const isFenceOnly = new Choice(this, 'Fence only?')
      .when(Condition.isPresent('$.isFenceOnly'), fenceOnly)
      .otherwise(estimate);

    const undone = compensate(this, tasks, {
      servers: 'failback/undo',
      trafficTo: 'recovery',
      clearing: { 'Sweep rounds': 'failback/sweep', 'Put back volumes': 'failback/put-back' },
    });
    for (const task of tasks.made)
      if (undoable.includes(task.node.id)) task.addCatch(undone.begin, { resultPath: '$.failure' });
    for (const map of [servers, rebuild, serving.move, last.move])
      if (map instanceof MapState) map.addCatch(undone.begin, { resultPath: '$.failure' });

    commit.next(afterCommit(this, tasks, { close, done, end: undone.end }));

    const open = tasks.call('Open', 'failback/open', opening);
    const isAnswer = new Choice(this, 'Answer only?')
      .when(Condition.isPresent('$.answered'), new Succeed(this, 'Answered'))
      .when(Condition.isPresent('$.isAccept'), acceptKept(this, tasks, close))
      .otherwise(orUndo(this, undone, isFenceOnly));
    this.machine = operationMachine(this, 'Failback', open.next(isAnswer), tasks.functions);
  }
}

/** Production is home: new servers get their protections, and what they were launched from goes; what stays is listed. */
function afterCommit(scope: Construct, tasks: Tasks, ends: { close: State; done: Succeed; end: Fail }): State {
  const list = listAndKeep(scope, tasks, ends);
  const clear = tasks.poll('Clear images', 'failback/put-back');
  clear.isDone.when(Condition.booleanEquals('$.poll.result.done', true), list).otherwise(clear.wait);
  clear.look.addCatch(list, { resultPath: '$.failure' });
  const safeguard = tasks.call('Safeguard', 'failover/safeguard');
  safeguard.addCatch(clear.begin, { resultPath: '$.failure' });
  safeguard.next(clear.begin);
  return new Choice(scope, 'New servers?').when(Condition.isPresent('$.launches'), safeguard).otherwise(list);
}
