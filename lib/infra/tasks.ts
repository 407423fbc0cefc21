import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  type IChainable,
  type INextable,
  Pass,
  Result,
  type State,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { retriesOf } from './retry.ts';
import type { StepName } from './step-names.ts';
import type { StepFunctions } from './step-functions.ts';

/** What every step is given: whose work it is. */
const context = { 'plan.$': '$.plan', 'operation.$': '$.operation', 'epoch.$': '$.epoch' } as const;

export interface TaskOptions {
  /** More members of the payload, besides the context; `null` gives the state's whole input instead. */
  readonly payload?: Readonly<Record<string, unknown>> | null;
  readonly withoutContext?: boolean;
  /** Where the result goes: `'replace'` makes it the state's output, a path puts it there as `<path>.result`, none drops it. */
  readonly result?: string;
  /** Repeats on transient failures, where they must be fewer than those of its step. */
  readonly repeatsMax?: number;
}

/** What the first state of every state machine is given: the input as typed, before there is an operation. */
export const opening: TaskOptions = {
  payload: { 'input.$': '$$.Execution.Input', 'execution.$': '$$.Execution.Id' },
  withoutContext: true,
  result: 'replace',
};

/** Makes the states of one state machine out of steps; ids are unique within it. */
export class Tasks {
  readonly #scope: Construct;
  readonly #functions: StepFunctions;
  readonly #made: LambdaInvoke[] = [];
  readonly #invoked = new Set<StepName>();

  constructor(scope: Construct, functions: StepFunctions) {
    this.#scope = scope;
    this.#functions = functions;
  }

  /** The functions that the tasks invoke. */
  get functions(): readonly LambdaFunction[] {
    return [...this.#invoked].map((step) => this.#functions.get(step));
  }

  /** Tasks made so far, for a state machine's catch. */
  get made(): readonly LambdaInvoke[] {
    return this.#made;
  }

  call(id: string, step: StepName, options: TaskOptions = {}): LambdaInvoke {
    const { payload = {}, withoutContext = false, result, repeatsMax } = options;
    const task = new LambdaInvoke(this.#scope, id, {
      lambdaFunction: this.#functions.get(step),
      ...(payload === null
        ? { payload: TaskInput.fromJsonPathAt('$') }
        : { payload: TaskInput.fromObject({ ...(withoutContext ? {} : context), ...payload }) }),
      ...placing(result),
      retryOnServiceExceptions: false,
    });
    for (const retry of retriesOf(step, repeatsMax)) task.addRetry(retry);
    this.#invoked.add(step);
    this.#made.push(task);
    return task;
  }

  /** Looks again and again until the step says `done`; the last look stays at `$.poll.result`. `mayAsk`: it may ask people first, and the answer leads back to a first look. */
  poll(
    id: string,
    step: StepName,
    payload: Readonly<Record<string, unknown>> = {},
    {
      mayAsk = false,
      ...options
    }: Pick<TaskOptions, 'withoutContext' | 'repeatsMax'> & { readonly mayAsk?: boolean } = {},
  ): Poll {
    const begin = new Pass(this.#scope, `${id}: begin`, {
      result: Result.fromObject({ result: { polls: 0 } }),
      resultPath: '$.poll',
    });
    const look = this.call(id, step, {
      ...options,
      payload: { ...payload, 'poll.$': '$.poll.result' },
      result: '$.poll',
    });
    const isDone = new Choice(this.#scope, `${id}: done?`);
    const wait = new Wait(this.#scope, `${id}: wait`, { time: WaitTime.secondsPath('$.poll.result.waitSeconds') });
    begin.next(look);
    look.next(isDone);
    wait.next(look);
    if (mayAsk) {
      const ask = this.until(`Ask in ${id}`, 'operation/ask', { 'execution.$': '$$.Execution.Id' }, begin);
      isDone.when(Condition.isPresent('$.poll.result.asks'), ask);
    }
    return { begin, look, isDone, wait };
  }

  /** A poll that goes on to `next` once done. */
  until(id: string, step: StepName, payload: Readonly<Record<string, unknown>>, next: IChainable): State {
    const { begin, isDone, wait } = this.poll(id, step, payload);
    isDone.when(Condition.booleanEquals('$.poll.result.done', true), next).otherwise(wait);
    return begin;
  }

  /** As {@link until}, of a step that may ask people first. */
  untilAnswered(id: string, step: StepName, payload: Readonly<Record<string, unknown>>, next: IChainable): State {
    const { begin, isDone, wait } = this.poll(id, step, payload, { mayAsk: true });
    isDone.when(Condition.booleanEquals('$.poll.result.done', true), next).otherwise(wait);
    return begin;
  }

  /** A poll that ends its branch once done. */
  untilEnd(id: string, step: StepName, payload: Readonly<Record<string, unknown>> = {}): State {
    return this.until(id, step, payload, this.end(id));
  }

  /** The end of the branch of a poll. */
  end(id: string): State {
    return new Pass(this.#scope, `${id}: end`, { parameters: { done: true } });
  }
}

export interface Poll {
  readonly begin: State & INextable;
  readonly look: LambdaInvoke;
  readonly isDone: Choice;
  readonly wait: Wait;
}

function placing(result: string | undefined) {
  if (result === undefined) return { resultPath: '$.last', resultSelector: { 'status.$': '$.StatusCode' } };
  if (result === 'replace') return { outputPath: '$.Payload' };
  return { resultPath: result, resultSelector: { 'result.$': '$.Payload' } };
}
