import type { Cloud } from '../cloud.ts';
import type { Random } from '../random.ts';
import { networkOf, type Owner } from './network.ts';
import { type Handler, startInstance } from './runtime.ts';

/** A function as the template deploys it. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** ARN of the execution role. */
  readonly role: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `file.export` inside the asset directory. */
  readonly handler: string;
  readonly assetDir: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly isInVpc: boolean;
}

/** What Lambda answers for a failed invocation. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type Outcome = { kind: 'returned'; payload: unknown } | { kind: 'failed'; error: FunctionError };

/** What an execution environment is made of. */
interface Birth {
  readonly cloud: Cloud;
  readonly region: string;
  readonly definition: FunctionDefinition;
  readonly random: Random;
  readonly log: (line: string) => void;
}

/** One execution environment: runs one invocation at a time and keeps its module state between them. */
export class Instance {
  readonly #cloud: Cloud;
  readonly #definition: FunctionDefinition;
  readonly #owner: Owner;
  readonly #random: Random;
  readonly #log: (line: string) => void;
  #handler: Handler | undefined;
  #end: ((outcome: Outcome) => void) | undefined;

  constructor({ cloud, region, definition, random, log }: Birth) {
    this.#cloud = cloud;
    this.#definition = definition;
    this.#random = random;
    this.#log = log;
    this.#owner = {
      region,
      role: definition.role,
      functionName: definition.name,
      isInVpc: definition.isInVpc,
      invocation: '',
      dead: false,
      die: () => this.#die('Runtime.ExitError', 'Runtime exited with error: exit status 1'),
    };
  }

  /** A dead instance is never used again, and what its code still does reaches nothing. */
  get isDead(): boolean {
    return this.#owner.dead;
  }

  run(payload: unknown, requestId: string): Promise<Outcome> {
    this.#owner.invocation = requestId;
    return new Promise((settle) => {
      const { timeoutSeconds } = this.#definition;
      const timer = setTimeout(
        () => this.#die('Sandbox.Timedout', `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`, requestId),
        timeoutSeconds * 1000,
      );
      this.#end = (outcome) => {
        this.#end = undefined;
        clearTimeout(timer);
        settle(outcome);
      };
      this.#call(payload, requestId, Date.now() + timeoutSeconds * 1000).then(
        (outcome) => this.#end?.(outcome),
        () => undefined,
      );
    });
  }

  async #call(payload: unknown, requestId: string, deadline: number): Promise<Outcome> {
    try {
      this.#handler ??= this.#start();
      const value: unknown = await this.#handler(payload, contextOf(this.#definition, requestId, deadline));
      return { kind: 'returned', payload: value === undefined ? null : JSON.parse(JSON.stringify(value)) };
    } catch (thrown) {
      return { kind: 'failed', error: asFunctionError(thrown) };
    }
  }

  #start(): Handler {
    const { definition, region } = { definition: this.#definition, region: this.#owner.region };
    return startInstance({
      assetDir: definition.assetDir,
      handler: definition.handler,
      environment: environmentOf(definition, region),
      network: networkOf(this.#cloud, this.#owner),
      random: this.#random,
      log: this.#log,
    });
  }

  #die(errorType: string, message: string, requestId?: string): void {
    this.#owner.dead = true;
    const errorMessage = requestId === undefined ? message : `RequestId: ${requestId} Error: ${message}`;
    this.#end?.({ kind: 'failed', error: { errorType, errorMessage } });
  }
}

/** The variables of the template and those that Lambda itself sets. */
export function environmentOf(definition: FunctionDefinition, region: string): Record<string, string> {
  return {
    ...definition.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'ASIASIMULATEDFUNCTION',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    AWS_SESSION_TOKEN: definition.role,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    LAMBDA_TASK_ROOT: definition.assetDir,
    _HANDLER: definition.handler,
    TZ: ':UTC',
  };
}

/** The second argument of a handler; `deadline` in milliseconds since 1970. */
export function contextOf(definition: FunctionDefinition, requestId: string, deadline: number): object {
  return {
    awsRequestId: requestId,
    functionName: definition.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: definition.arn,
    memoryLimitInMB: String(definition.memoryMb),
    logGroupName: `/aws/lambda/${definition.name}`,
    logStreamName: 'simulated',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function asFunctionError(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
}
