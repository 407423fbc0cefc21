import { regionAnswers } from '../lambda/silence.ts';
import { AwsError, NotModelled, type Surroundings } from '../service.ts';

/** How long and how often a target is tried again. @source aws-facts [5.9] */
export interface RetryPolicy {
  readonly MaximumEventAgeInSeconds?: number;
  readonly MaximumRetryAttempts?: number;
}

/** One event on its way to one target. */
export interface Delivery {
  readonly targetArn: string;
  /** JSON for the given attempt, the first being 1. */
  readonly input: (attempt: number) => string;
  /** When the event arose: its age counts from here. */
  readonly arisenAt: number;
  readonly retryPolicy: RetryPolicy;
}

export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | { readonly kind: 'lost'; readonly reason: string };

const AGE_SECONDS_MAX = 86_400;
const RETRIES_MAX = 185;
const PAUSE_SECONDS_MAX = 600;
const THROTTLES = ['ThrottlingException', 'TooManyRequestsException', 'ExecutionLimitExceeded'];

/** Refuses a target other than a Lambda function or a state machine. */
export function checkTarget(arn: string): void {
  if (!/^arn:aws:(lambda:[^:]+:\d{12}:function|states:[^:]+:\d{12}:stateMachine):.+$/.test(arn)) {
    throw new NotModelled(`events delivered to ${arn}`);
  }
}

/**
 * Brings an event to its target, again after growing pauses where the target throttles or fails (1, 2, 4 … 600 s). A refusal, such
 * as a target that does not exist, is not tried again. A Region that is silent delivers once it is back, if the event is not too old.
 */
export async function deliver(surroundings: Surroundings, delivery: Delivery): Promise<DeliveryOutcome> {
  const { cloud, region } = surroundings;
  const { MaximumEventAgeInSeconds = AGE_SECONDS_MAX, MaximumRetryAttempts = RETRIES_MAX } = delivery.retryPolicy;
  for (let attempt = 1; ; attempt += 1) {
    await regionAnswers(cloud, region);
    const ageSeconds = (cloud.clock.now() - delivery.arisenAt) / 1000;
    if (ageSeconds > MaximumEventAgeInSeconds) {
      return { kind: 'lost', reason: `older than ${MaximumEventAgeInSeconds} s` };
    }
    const error = await attemptAt(surroundings, delivery, attempt);
    if (error === undefined) return { kind: 'delivered', attempts: attempt };
    const isTransient = error.status >= 500 || THROTTLES.includes(error.code);
    if (!isTransient || attempt > MaximumRetryAttempts)
      return { kind: 'lost', reason: `${error.code}: ${error.message}` };
    const pauseSeconds = Math.min(2 ** (attempt - 1), PAUSE_SECONDS_MAX);
    await new Promise<void>((settle) => cloud.clock.after(pauseSeconds * 1000, settle));
  }
}

/** The error that AWS would answer to the attempt; any other error is the simulator's own and is thrown. */
async function attemptAt(
  { cloud, region }: Surroundings,
  { targetArn, input }: Delivery,
  attempt: number,
): Promise<AwsError | undefined> {
  const { lambda, stepfunctions } = cloud.services(region);
  const body = input(attempt);
  try {
    if (targetArn.startsWith('arn:aws:lambda:')) await lambda.invoke(targetArn, JSON.parse(body), { async: true });
    else stepfunctions.start(targetArn, body);
    return undefined;
  } catch (error) {
    if (error instanceof AwsError && !(error instanceof NotModelled)) return error;
    throw error;
  }
}
