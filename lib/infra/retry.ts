import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { failureCodes } from '../domain/failure.ts';

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

/** The one retry of every task: what the failure list calls transient, for about ten minutes. */
export const transientRetry: RetryProps = {
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
