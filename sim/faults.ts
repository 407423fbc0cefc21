import type { FaultHooks } from './cloud.ts';
import { AwsError, type Call } from './service.ts';

/** What may happen to one call of a service. */
export type CallFault =
  /** Refused at once for its pace, under the service's own error name. */
  | 'throttled'
  /** A server fault before anything was done. */
  | 'server-error'
  /** The caller has no right to it. */
  | 'refused'
  /** It is done, and the answer never arrives. */
  | 'answer-lost'
  /** It is done, and the answer arrives after 20 s. */
  | 'answer-late';
/** A function's instance that dies before or after one of its calls. */
export type CrashFault = 'crash-before' | 'crash-after';
/** An invocation that arrives twice: both run, side by side. */
export type InvocationFault = 'delivered-twice';

interface Rule {
  /** Part of the name of the calling function or its role: `FailbackRebuild`. */
  readonly caller?: string;
  /** Fitting calls that still go well, 0 unless given. */
  readonly skip?: number;
  /** How many go wrong then, 1 unless given. */
  readonly times?: number;
}

/** Which calls go wrong, and how. Every member that is given must fit. */
interface CallRule extends Rule {
  readonly kind: CallFault;
  /** Endpoint name: `ec2`, `states`, `monitoring`. */
  readonly service?: string;
  readonly operation?: string;
  readonly region?: string;
}

/** At which of its calls a function's instance dies, counted over all its calls. */
interface CrashRule extends Rule {
  readonly kind: CrashFault;
}

/** Which invocation of a function arrives twice, counted over all its invocations. */
interface InvocationRule extends Rule {
  readonly kind: InvocationFault;
}

export type FaultRule = CallRule | CrashRule | InvocationRule;
type LiveRule = FaultRule & { skipped: number; left: number };

/** A rule that was added. */
export interface AddedFault {
  /** Whether any call went wrong by it. */
  isMet(): boolean;
  /** No call goes wrong by it any more. */
  remove(): void;
}

/** Slow enough to outlast an SDK client's patience for one attempt. */
const lateAnswerMs = 20_000;

/** How services word it when a caller is too fast. @source aws-facts [7.3], [2.10] */
const throttling: Readonly<Record<string, readonly [code: string, status: number]>> = {
  ec2: ['RequestLimitExceeded', 503],
  ebs: ['RequestThrottledException', 400],
  dynamodb: ['ThrottlingException', 400],
  s3: ['SlowDown', 503],
  servicequotas: ['TooManyRequestsException', 400],
  ssm: ['ThrottlingException', 400],
  states: ['ThrottlingException', 400],
};

/** The faults of a cloud: Regions that are silent, and rules for single calls. */
export class Faults implements FaultHooks {
  readonly #silent = new Set<string>();
  readonly #rules: LiveRule[] = [];

  /** The Region answers nothing from now on, and what was under way there stalls. */
  lose(region: string): void {
    this.#silent.add(region);
  }

  /** The Region answers again. */
  restore(region: string): void {
    this.#silent.delete(region);
  }

  isSilent(region: string): boolean {
    return this.#silent.has(region);
  }

  /** Gives what tells whether the rule was met, and takes it back. */
  add(rule: FaultRule): AddedFault {
    const live: LiveRule = { ...rule, skipped: 0, left: rule.times ?? 1 };
    this.#rules.push(live);
    return {
      isMet: () => live.left < (rule.times ?? 1),
      remove: () => {
        if (this.#rules.includes(live)) this.#rules.splice(this.#rules.indexOf(live), 1);
      },
    };
  }

  /** Every Region answers again, and no call goes wrong any more. */
  clear(): void {
    this.#silent.clear();
    this.#rules.length = 0;
  }

  /** Rules that nothing has met yet: a test that adds one must not end with it. */
  get unmet(): readonly FaultRule[] {
    return this.#rules.filter(({ left, times = 1 }) => left === times).map(({ skipped: _, left: __, ...rule }) => rule);
  }

  crashes(functionName: string, moment: 'before' | 'after'): boolean {
    return this.#take((rule) => isOfFunction(rule, `crash-${moment}`, functionName)) !== undefined;
  }

  repeats(functionName: string): boolean {
    return this.#take((rule) => isOfFunction(rule, 'delivered-twice', functionName)) !== undefined;
  }

  /** Lets a call happen, well or badly. Never settles while its Region is silent. */
  async around<Answer>(call: Call, run: () => Promise<Answer>, pause: (ms: number) => Promise<void>): Promise<Answer> {
    if (this.isSilent(call.region)) return never();
    const kind = this.#take((rule) => isOfCall(rule, call));
    if (kind === 'throttled') throw throttledError(call);
    if (kind === 'server-error') throw new AwsError('InternalFailure', 'An internal error has occurred.', 500);
    if (kind === 'refused') throw refusedError(call);
    const answer = await run();
    if (kind === 'answer-late') await pause(lateAnswerMs);
    return kind === 'answer-lost' || this.isSilent(call.region) ? never() : answer;
  }

  #take(fits: (rule: FaultRule) => boolean): FaultRule['kind'] | undefined {
    for (const rule of this.#rules) {
      if (rule.left === 0 || !fits(rule)) continue;
      if (rule.skipped < (rule.skip ?? 0)) {
        rule.skipped += 1;
        continue;
      }
      rule.left -= 1;
      return rule.kind;
    }
    return undefined;
  }
}

/** A promise of its own for every wait: one shared by all would keep everything that ever waited. */
const never = () => new Promise<never>(() => {});

function isOfFunction({ kind, caller }: FaultRule, wanted: FaultRule['kind'], functionName: string): boolean {
  return kind === wanted && (caller === undefined || functionName.includes(caller));
}

function isCallRule(rule: FaultRule): rule is CallRule {
  return rule.kind !== 'crash-before' && rule.kind !== 'crash-after' && rule.kind !== 'delivered-twice';
}

function isOfCall(rule: FaultRule, call: Call): boolean {
  if (!isCallRule(rule)) return false;
  return (
    (rule.service === undefined || rule.service === call.service) &&
    (rule.operation === undefined || rule.operation === call.operation) &&
    (rule.region === undefined || rule.region === call.region) &&
    (rule.caller === undefined || (call.role ?? '').includes(rule.caller))
  );
}

function throttledError({ service }: Call): AwsError {
  const [code, status] = throttling[service] ?? ['Throttling', 400];
  const reason = service === 'ebs' ? { Reason: 'ACCOUNT_THROTTLED' } : {};
  return new AwsError(code, 'Rate exceeded', status, reason);
}

/** How services word it when a caller has no right; all others as DynamoDB does. @source S3 API reference, error responses */
const refusals: Readonly<Record<string, string>> = {
  ec2: 'UnauthorizedOperation',
  iam: 'AccessDenied',
  s3: 'AccessDenied',
};

function refusedError({ service, operation }: Call): AwsError {
  const code = refusals[service] ?? 'AccessDeniedException';
  return new AwsError(code, `You are not authorized to perform ${service}:${operation}.`, 403);
}
