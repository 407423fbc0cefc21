import type { Cloud } from './cloud.ts';

/** What the simulator knows about the request that is being served. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  /** Region whose endpoint received the request. */
  readonly region: string;
  readonly requestId: string;
  /** Host that it was sent to, where it came over the wire. */
  readonly hostname?: string;
  /** Role of the caller where it is known (a deployed function), else `undefined` (a person, a test). */
  readonly role: string | undefined;
  /** Which invocation of a function it comes from, `<function>/<request id>`, where it is known. */
  readonly invocation?: string;
}

/**
 * One modelled operation: the top-level request members it models, and what it does.
 * A request that sets any other member is refused by name, see {@link NotModelled}.
 */
export interface Operation {
  readonly models: readonly string[];
  readonly run: (input: never, call: Call) => object | Promise<object>;
}

/** A simulated AWS service in one Region: operations by their API name (`CreateSnapshots`). */
export interface Service {
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Declares a modelled operation with the SDK's own input and output types. */
export function operation<Input extends object, Output extends object>(
  models: readonly (keyof Input & string)[],
  run: (input: Input, call: Call) => Output | Promise<Output>,
): Operation {
  return { models, run };
}

/** What every simulated service is built with. */
export interface Surroundings {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** The whole cloud: the clock, the seeded randomness, and the services of every Region. */
  readonly cloud: Cloud;
}

/** An error that AWS would answer. `fields` are further members of the modelled error, such as `Reason`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, fields: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** The simulator was asked for something it does not model. Never swallowed: the rehearsal or test must fail by it. */
export class NotModelled extends AwsError {
  constructor(what: string) {
    super('NotModelled', `The simulated cloud does not model ${what}.`, 501);
  }
}
