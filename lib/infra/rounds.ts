import { Choice, Condition, type IChainable, type Map as MapState, type State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Tasks } from './tasks.ts';
import { transferAll } from './transfer.ts';

export interface RoundStates {
  readonly id: string;
  readonly final: boolean;
  readonly next: IChainable;
  /** Where it goes on instead when there is nothing that could be moved. */
  readonly otherwise?: IChainable;
  /** Whether it is of a failback: more rounds follow as long as they shorten the pause, and people may be asked. Reverse protection waits for nobody. */
  readonly isOfFailback: boolean;
}

/** `move`: failures of its items are its own. */
export interface Round {
  readonly begin: State;
  readonly move: MapState;
}

/** One delta round: snapshot what serves, move what changed, record the twins. Failback and reverse protection go the same way. */
export function round(
  scope: Construct,
  tasks: Tasks,
  { id, final, next, otherwise, isOfFailback }: RoundStates,
): Round {
  const take = tasks.poll(id, 'failback/round', { final }, { mayAsk: isOfFailback });
  const move = transferAll(scope, tasks, `${id} delta`);
  const finish = tasks.call(`Finish ${id}`, 'failback/finish-round', {
    payload: { final, 'startedAt.$': '$.poll.result.startedAt', 'transfers.$': '$.poll.result.transfers' },
    result: '$.round',
  });
  const isTaken = Condition.booleanEquals('$.poll.result.done', true);
  if (otherwise !== undefined)
    take.isDone.when(Condition.and(isTaken, Condition.booleanEquals('$.poll.result.isSilent', true)), otherwise);
  take.isDone.when(isTaken, move).otherwise(take.wait);
  move.next(finish);
  const isAnother = () =>
    new Choice(scope, `${id}: another?`)
      .when(Condition.stringEquals('$.round.result.next', 'round'), take.begin)
      .otherwise(next);
  finish.next(isOfFailback ? isAnother() : next);
  return { begin: take.begin, move };
}
