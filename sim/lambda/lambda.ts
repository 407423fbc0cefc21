import type { InvocationRequest, InvocationResponse } from '@aws-sdk/client-lambda';
import { AwsError, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { type FunctionDefinition, type FunctionError, Instance, type Outcome } from './instance.ts';
import { regionAnswers } from './silence.ts';

declare module '../cloud.ts' {
  interface Services {
    lambda: Lambda;
  }
}

export type { FunctionDefinition, FunctionError } from './instance.ts';

/** Retries of an asynchronous invocation; AWS: 2 retries, after 1 and then 2 minutes, unless configured. */
export interface AsyncSettings {
  readonly retriesMax: number;
  readonly ageSecondsMax: number;
}

/** A line a function wrote. */
export interface LogLine {
  readonly at: number;
  readonly functionName: string;
  readonly line: string;
}

/** One run of a function. */
export interface Invocation {
  /** As in `Call.invocation`. */
  readonly id: string;
  readonly functionName: string;
  readonly at: number;
  readonly payload: unknown;
}

/** An asynchronous invocation that failed for good. */
export interface LostEvent {
  readonly functionName: string;
  readonly payload: unknown;
  readonly error: FunctionError;
}

/** A failed invocation, as thrown by {@link Lambda.invoke}: `name` is the error type. */
export class InvocationFailed extends Error {
  readonly error: FunctionError;

  constructor(error: FunctionError) {
    super(error.errorMessage);
    this.name = error.errorType;
    this.error = error;
  }
}

const REQUEST_RESPONSE_BYTES_MAX = 6 * 1024 * 1024;
const ASYNC_RETRY_DELAYS_MS = [60_000, 120_000];
const LOG_LINES_KEPT = 20_000;

/** The simulated Lambda of one Region. Runs the deployed bundles as they are, one invocation per instance. */
export class Lambda implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly logs: LogLine[] = [];
  readonly lostEvents: LostEvent[] = [];
  /** Every run of every function, oldest first. */
  readonly invocations: Invocation[] = [];
  /** Instances started so far, by function name. */
  readonly coldStarts = new Map<string, number>();
  readonly #surroundings: Surroundings;
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #idle = new Map<string, Instance[]>();
  readonly #asyncSettings = new Map<string, AsyncSettings>();
  #requests = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      Invoke: operation<InvocationRequest, InvocationResponse>(['FunctionName', 'InvocationType', 'Payload'], (input) =>
        this.#invoke(input),
      ),
    };
  }

  /** Deploys a function; one of the same name is replaced and its instances are gone. */
  createFunction(definition: FunctionDefinition): void {
    this.#functions.set(definition.name, definition);
    this.#idle.delete(definition.name);
  }

  configureAsync(nameOrArn: string, settings: AsyncSettings): void {
    this.#asyncSettings.set(this.#find(nameOrArn).name, settings);
  }

  get functions(): readonly FunctionDefinition[] {
    return [...this.#functions.values()];
  }

  /**
   * Invokes a function and gives its answer; with `async`, only takes the event and answers `undefined`.
   * @throws InvocationFailed when the function failed, timed out (`Sandbox.Timedout`) or crashed (`Runtime.ExitError`)
   */
  async invoke(nameOrArn: string, payload: unknown, options: { async?: boolean } = {}): Promise<unknown> {
    const definition = this.#find(nameOrArn);
    if (options.async === true) {
      void this.#deliver(definition, payload);
      return undefined;
    }
    const outcome = await this.#arrive(definition, payload);
    if (outcome.kind === 'failed') throw new InvocationFailed(outcome.error);
    return outcome.payload;
  }

  #find(nameOrArn: string): FunctionDefinition {
    const name = /:function:([^:]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
    const definition = this.#functions.get(name);
    if (definition === undefined) {
      const { region, account } = this.#surroundings;
      const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return definition;
  }

  /** An event runs its function once, or, by a fault, twice at the same time. */
  #arrive(definition: FunctionDefinition, payload: unknown): Promise<Outcome> {
    if (this.#surroundings.cloud.faults.repeats(definition.name)) void this.#run(definition, payload);
    return this.#run(definition, payload);
  }

  async #run(definition: FunctionDefinition, payload: unknown): Promise<Outcome> {
    const { cloud, region } = this.#surroundings;
    await regionAnswers(cloud, region);
    const instance = this.#idle.get(definition.name)?.pop() ?? this.#coldStart(definition);
    const copy: unknown = payload === undefined ? null : JSON.parse(JSON.stringify(payload));
    const requestId = this.#requestId();
    const { name: functionName } = definition;
    this.invocations.push({ id: `${functionName}/${requestId}`, functionName, at: cloud.clock.now(), payload: copy });
    const outcome = await instance.run(copy, requestId);
    await regionAnswers(cloud, region);
    const isCurrent = this.#functions.get(definition.name) === definition;
    if (!instance.isDead && isCurrent) this.#idleOf(definition.name).push(instance);
    return outcome;
  }

  #idleOf(name: string): Instance[] {
    const idle = this.#idle.get(name) ?? [];
    this.#idle.set(name, idle);
    return idle;
  }

  #coldStart(definition: FunctionDefinition): Instance {
    const { name } = definition;
    const { cloud, region } = this.#surroundings;
    const born = (this.coldStarts.get(name) ?? 0) + 1;
    this.coldStarts.set(name, born);
    const random = cloud.random.fork(`lambda ${name} ${born}`);
    const log = (line: string) => {
      this.logs.push({ at: cloud.clock.now(), functionName: name, line });
      if (this.logs.length > LOG_LINES_KEPT) this.logs.splice(0, LOG_LINES_KEPT / 2);
    };
    return new Instance({ cloud, region, definition, random, log });
  }

  #requestId(): string {
    this.#requests += 1;
    return `00000000-0000-4000-8000-${this.#requests.toString(16).padStart(12, '0')}`;
  }

  async #deliver(definition: FunctionDefinition, payload: unknown): Promise<void> {
    const { clock } = this.#surroundings.cloud;
    const { retriesMax, ageSecondsMax } = this.#asyncSettings.get(definition.name) ?? {
      retriesMax: 2,
      ageSecondsMax: 21_600,
    };
    const begun = clock.now();
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#arrive(definition, payload);
      if (outcome.kind === 'returned') return;
      const delay = ASYNC_RETRY_DELAYS_MS[attempt] ?? 0;
      const isTooOld = clock.now() + delay - begun > ageSecondsMax * 1000;
      if (attempt >= retriesMax || isTooOld) {
        this.lostEvents.push({ functionName: definition.name, payload, error: outcome.error });
        return;
      }
      await new Promise<void>((settle) => clock.after(delay, settle));
    }
  }

  async #invoke(input: InvocationRequest): Promise<InvocationResponse> {
    const type = input.InvocationType ?? 'RequestResponse';
    const definition = this.#find(input.FunctionName ?? '');
    const text = Buffer.from(input.Payload ?? []).toString('utf8');
    const payload: unknown = text === '' ? {} : parsePayload(text);
    if (type === 'DryRun') return { StatusCode: 204 };
    if (type === 'Event') {
      void this.#deliver(definition, payload);
      return { StatusCode: 202 };
    }
    const outcome = await this.#arrive(definition, payload);
    const answer = outcome.kind === 'returned' ? outcome.payload : outcome.error;
    const body = Buffer.from(JSON.stringify(answer));
    if (body.length > REQUEST_RESPONSE_BYTES_MAX) {
      throw new AwsError('RequestTooLargeException', 'The response payload exceeded 6 MB', 413);
    }
    const failed = outcome.kind === 'failed' ? { FunctionError: 'Unhandled' } : {};
    return { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: body, ...failed } as InvocationResponse;
  }
}

function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
