import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  type RunOptions,
  StateMachine,
} from 'aws-local-stepfunctions';
import type { Cloud } from '../cloud.ts';
import { InvocationFailed } from '../lambda/lambda.ts';
import { regionAnswers } from '../lambda/silence.ts';
import type { Definition, Prepared, State } from './definition.ts';

/** Input, output and result of a state, and of an execution. @source aws-facts [5.1] */
export const PAYLOAD_BYTES_MAX = 262_144;
/** @source aws-facts [5.1] */
const HISTORY_EVENTS_MAX = 25_000;

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** Something that happened in an execution, in virtual time. */
export interface ExecutionEvent {
  readonly at: number;
  /** `StateEntered`, `StateExited`, `StateFailed`, `StateRetried`, `StateCaught`, `ExecutionStarted`, ... */
  readonly type: string;
  readonly state?: {
    readonly name: string;
    readonly type: string;
    readonly input?: unknown;
    readonly output?: unknown;
  };
  /** Index of the item, inside a Map. */
  readonly index?: number;
  readonly error?: string;
  readonly cause?: string;
}

/** One execution, as it stands. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  readonly machineName: string;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly startedAt: number;
  readonly history: ExecutionEvent[];
  status: ExecutionStatus;
  stoppedAt?: number;
  output?: unknown;
  error?: string;
  cause?: string;
}

/** The state of the state machine, not of a Map in it, that an execution entered and did not leave, with its input. */
export interface Standing {
  readonly state: string;
  readonly input: unknown;
}

export function standingOf({ history }: Execution, { States }: Definition): Standing | undefined {
  const isOuter = ({ type, state }: ExecutionEvent) =>
    type === 'StateEntered' && States[state?.name ?? ''] !== undefined;
  const entered = history.findLast(isOuter)?.state;
  return entered === undefined ? undefined : { state: entered.name, input: entered.input };
}

/** An error as the interpreter matches it: `name` in Retry and Catch, `message` becomes the Cause. */
class TaskError extends Error {
  /** States.ALL does not match it; naming it does. @source aws-facts [5.3] */
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, cause: string, state?: State) {
    super(cause);
    this.name = name;
    const isNamed = (field: string) =>
      name !== 'States.DataLimitExceeded' ||
      ((state?.[field] ?? []) as { ErrorEquals: string[] }[]).some((rule) => rule.ErrorEquals.includes(name));
    this.isRetryable = isNamed('Retry');
    this.isCatchable = isNamed('Catch');
  }
}

/** Ends a task of which nobody awaits the result: it is neither retried nor caught. */
class Abandoned extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

interface Logged {
  type: string;
  timestamp: number;
  state?: ExecutionEvent['state'];
  index?: number;
  Error?: string;
  Cause?: unknown;
}

/** Runs one execution on the interpreter and keeps its record current. */
export class Run {
  readonly #cloud: Cloud;
  readonly #region: string;
  readonly #prepared: Prepared;
  readonly #execution: Execution;
  readonly #observe: (event: ExecutionEvent) => void;
  readonly #options: RunOptions;
  readonly #aborts = new Set<() => void>();
  /** How often each Map or Parallel has failed: what still runs inside it since before is abandoned. */
  readonly #failures = new Map<string, number>();
  /** States that have failed and were not entered again: the interpreter would still begin their queued items. */
  readonly #failed = new Set<string>();
  readonly #mapRuns = new Map<() => void, string>();
  /** History events as AWS counts them. */
  #events = 0;
  #verdict: { status: ExecutionStatus; error: string; cause: string } | undefined;

  constructor(
    cloud: Cloud,
    region: string,
    prepared: Prepared,
    execution: Execution,
    observe: (event: ExecutionEvent) => void,
  ) {
    this.#cloud = cloud;
    this.#region = region;
    this.#prepared = prepared;
    this.#execution = execution;
    this.#observe = observe;
    const handlers = [...prepared.tasks].map(([name, state]) => [
      name,
      (input: unknown) => this.#task(name, state, input),
    ]);
    this.#options = {
      overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
      context: contextOf(execution) as NonNullable<RunOptions['context']>,
    };
  }

  /** Runs to the end, from its first state or another; the outcome is in the execution's record. */
  async toEnd(from?: Standing): Promise<void> {
    const execution = this.#execution;
    const { root } = this.#prepared;
    const definition = from === undefined ? root : { ...root, StartAt: from.state };
    const input: unknown = from === undefined ? JSON.parse(execution.input) : from.input;
    try {
      const output = await this.#interpret(definition, input, 'Execution');
      execution.output = output;
      execution.status = 'SUCCEEDED';
    } catch (thrown) {
      const { status, error, cause } = this.#verdict ?? verdictOf(thrown);
      execution.status = status;
      if (error !== '') execution.error = error;
      if (cause !== '') execution.cause = cause;
    }
    execution.stoppedAt = this.#cloud.clock.now();
  }

  stop(status: ExecutionStatus, error: string, cause: string): void {
    this.#verdict ??= { status, error, cause };
    for (const abort of this.#aborts) abort();
  }

  #interpret(definition: Definition, input: unknown, what: 'Execution' | 'MapRun', mapName?: string): Promise<unknown> {
    const machine = new StateMachine(definition as never, { validationOptions: { noValidate: true } });
    const running = machine.run(input as never, this.#options);
    this.#aborts.add(running.abort);
    if (mapName !== undefined) this.#mapRuns.set(running.abort, mapName);
    void this.#follow(running.eventLogs as AsyncGenerator<Logged>, what);
    return running.result;
  }

  async #follow(logged: AsyncGenerator<Logged>, what: string): Promise<void> {
    for await (const entry of logged) {
      const event: ExecutionEvent = {
        at: entry.timestamp,
        type: entry.type.replace(/^Execution/, what),
        ...(entry.state === undefined ? {} : { state: entry.state }),
        ...(entry.index === undefined ? {} : { index: entry.index }),
        ...(entry.Error === undefined ? {} : { error: entry.Error, cause: causeText(entry.Cause) }),
      };
      this.#execution.history.push(event);
      this.#observe(event);
      this.#keepLimits(event, what);
      const name = event.state?.name ?? '';
      if (event.type === 'StateFailed') this.#abandon(name);
      if (event.type === 'StateEntered' || event.type === 'StateRetried') this.#failed.delete(name);
    }
  }

  /** Stops the Distributed Maps inside a Map or Parallel that failed, as AWS stops its other items. */
  #abandon(failed: string): void {
    this.#failed.add(failed);
    this.#failures.set(failed, (this.#failures.get(failed) ?? 0) + 1);
    for (const [abort, name] of this.#mapRuns) if (this.#prepared.around.get(name)?.includes(failed)) abort();
  }

  #failuresAround(name: string): number {
    const counts = (this.#prepared.around.get(name) ?? []).map((outer) => this.#failures.get(outer) ?? 0);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #keepLimits(event: ExecutionEvent, what: string): void {
    const { name } = event.state ?? { name: '' };
    if (bytes(event.state?.output) > PAYLOAD_BYTES_MAX || bytes(event.state?.input) > PAYLOAD_BYTES_MAX) {
      this.stop('FAILED', 'States.DataLimitExceeded', tooLarge(name));
    }
    this.#events += eventsOf(event);
    if (what === 'Execution' && this.#events > HISTORY_EVENTS_MAX) {
      this.stop(
        'FAILED',
        'States.Runtime',
        `The execution reached the maximum number of history events (${HISTORY_EVENTS_MAX})`,
      );
    }
  }

  async #task(name: string, state: State, input: unknown): Promise<unknown> {
    await new Promise((next) => setImmediate(next));
    if (this.#prepared.around.get(name)?.some((outer) => this.#failed.has(outer))) throw new Abandoned(name);
    const before = this.#failuresAround(name);
    try {
      return await this.#work(name, state, input);
    } catch (thrown) {
      const isAbandoned = this.#verdict !== undefined || this.#failuresAround(name) !== before;
      throw isAbandoned ? new Abandoned((thrown as Error).message) : thrown;
    }
  }

  async #work(name: string, state: State, input: unknown): Promise<unknown> {
    await regionAnswers(this.#cloud, this.#region);
    const inner = this.#prepared.distributed.get(name);
    if (bytes(input) > PAYLOAD_BYTES_MAX) throw new TaskError('States.DataLimitExceeded', tooLarge(name), state);
    const result =
      inner === undefined ? await this.#invoke(name, state, input) : await this.#distribute(name, inner, input);
    if (bytes(result) > PAYLOAD_BYTES_MAX) throw new TaskError('States.DataLimitExceeded', tooLarge(name), state);
    await regionAnswers(this.#cloud, this.#region);
    return result;
  }

  async #invoke(name: string, _state: State, input: unknown): Promise<unknown> {
    const { FunctionName, Payload } = input as { FunctionName: string; Payload?: unknown };
    try {
      const answer = await this.#cloud.services(this.#region).lambda.invoke(FunctionName, Payload ?? {});
      return { ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 };
    } catch (thrown) {
      if (thrown instanceof InvocationFailed) {
        const { errorMessage, errorType, trace } = thrown.error;
        throw new TaskError(
          errorType,
          JSON.stringify({ errorMessage, errorType, ...(trace === undefined ? {} : { trace }) }),
        );
      }
      const error = thrown as Error;
      throw new TaskError(`Lambda.${error.name}`, `${error.message} (state '${name}')`);
    }
  }

  async #distribute(name: string, inner: Definition, input: unknown): Promise<unknown> {
    try {
      return await this.#interpret(inner, input, 'MapRun', name);
    } catch (thrown) {
      if (thrown instanceof ExecutionAbortedError) throw thrown;
      throw new TaskError(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      );
    }
  }
}

/** AWS notes a task as entered, scheduled, started, succeeded and left, and each retry as scheduled, started and failed. @source aws-facts [5.1] */
function eventsOf({ type, state }: ExecutionEvent): number {
  if (type === 'StateEntered' && state?.type === 'Task') return 4;
  return type === 'StateRetried' ? 3 : 1;
}

function contextOf(execution: Execution): object {
  const StartTime = new Date(execution.startedAt).toISOString();
  return {
    Execution: { Id: execution.arn, Name: execution.name },
    StateMachine: { Id: execution.machineArn, Name: execution.machineName },
    Began: { Input: JSON.parse(execution.input), StartTime },
    State: {
      get EnteredTime() {
        return new Date().toISOString();
      },
    },
  };
}

function verdictOf(thrown: unknown): { status: ExecutionStatus; error: string; cause: string } {
  if (thrown instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT', error: 'States.Timeout', cause: '' };
  if (thrown instanceof ExecutionAbortedError) return { status: 'ABORTED', error: '', cause: '' };
  const error = thrown instanceof ExecutionError ? (thrown.cause as Error) : (thrown as Error);
  const isFault = error instanceof TypeError || error instanceof RangeError;
  return { status: 'FAILED', error: isFault ? 'States.Runtime' : error.name, cause: error.message };
}

function causeText(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  return typeof cause === 'string' ? cause : JSON.stringify(cause ?? '');
}

function bytes(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

function tooLarge(name: string): string {
  return `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`;
}
