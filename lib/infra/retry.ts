import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { failureCodes } from '../domain/failure.ts';
import type { StepName } from './step-names.ts';

/** Failures of the Lambda service itself, always worth repeating. @source aws-facts [5.3] */
const lambdaErrors = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
];

/**
 * The retry of a task: what the failure list calls transient. Its pauses are at most 2 + 4 + 8 + 16 + 32 + 64 + 120 + 120 s, some
 * six minutes; with full jitter half of that on average. The attempts themselves come on top.
 */
const transientRetry: RetryProps = {
  errors: [
    ...Object.entries(failureCodes)
      .filter(([, retryClass]) => retryClass === 'transient')
      .map(([code]) => code),
    ...lambdaErrors,
  ],
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 8,
  maxDelay: Duration.minutes(2),
  jitterStrategy: JitterType.FULL,
};

/**
 * Steps at which everything is ready and only an answer of AWS is wanting: giving up would take down servers that are fit to serve,
 * so they wait for more than an hour: 70 pauses are 126 + 64 × 120 s at most, about two hours, and half of that on average.
 */
const patientSteps: readonly StepName[] = [
  'traffic/switch',
  'traffic/restore',
  'failover/commit',
  'failback/commit',
  'operation/close',
];

/**
 * Where nothing may be left half done for a refusal that passes, on the way back and at the end of every operation: whatever a step
 * fails of is tried for some minutes more, 846 s of pauses at most.
 */
export const anyRetry: RetryProps = { ...transientRetry, errors: ['States.ALL'], maxAttempts: 12 };

/** The retries of a step's task, the first that fits counts. */
export function retriesOf(step: StepName, repeatsMax?: number): readonly RetryProps[] {
  const maxAttempts = repeatsMax ?? (patientSteps.includes(step) ? 70 : undefined);
  const first = maxAttempts === undefined ? transientRetry : { ...transientRetry, maxAttempts };
  return step === 'operation/close' ? [first, anyRetry] : [first];
}
