import { Failure, type FailureCode } from '../domain/failure.ts';

/** Error names that AWS uses to ask for a slower pace. @source aws-facts [7.3], [10] */
const throttling = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'PriorRequestNotComplete',
]);
/** Limits that clear when something in progress ends. @source aws-facts [1.3], [1.6], [2.9] */
const busy = new Set([
  'ConcurrentSnapshotLimitExceeded',
  'SnapshotCreationPerVolumeRateExceeded',
  'ResourceLimitExceeded',
  'PendingSnapshotLimitExceeded',
  'ConcurrentLimitExceededException',
  'ServiceQuotaExceededException',
]);
const changing = new Set(['IncorrectState', 'IncorrectInstanceState', 'VolumeInUse', 'InvalidSnapshot.InUse']);
const refused = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'UnauthorizedException']);
const silent = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'AbortError',
  'InternalServerException',
  'InternalError',
  'ServiceUnavailable',
  'Unavailable',
]);

/** The shape in which every SDK client reports a service error. */
interface ServiceError {
  readonly name: string;
  readonly message: string;
  readonly Reason?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A failed AWS call: `awsName` and `reason` are the service's own words, for the few callers that decide by them. */
export class AwsFailure extends Failure {
  readonly awsName: string;
  readonly reason: string | undefined;

  constructor(code: FailureCode, awsName: string, reason: string | undefined, message: string, cause: unknown) {
    super(code, message, { cause });
    this.awsName = awsName;
    this.reason = reason;
  }
}

/**
 * Runs one AWS call and turns its error into a {@link Failure}.
 * @param what the call in words: `stop instance i-1 in us-east-1`
 */
export async function awsCall<Output>(what: string, call: () => Promise<Output>): Promise<Output> {
  try {
    return await call();
  } catch (error) {
    throw toFailure(what, error);
  }
}

function toFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { name = 'Error', message = '', Reason, code, $metadata } = error as Partial<ServiceError>;
  const failureCode = classify(name, code, $metadata?.httpStatusCode);
  return new AwsFailure(
    failureCode,
    name,
    Reason,
    `Cannot ${what}: AWS answered ${name}: ${message}${Reason === undefined ? '' : ` (${Reason})`}`,
    error,
  );
}

function classify(name: string, code: string | undefined, status: number | undefined): FailureCode {
  if (throttling.has(name) || status === 429) return 'AwsThrottled';
  if (busy.has(name)) return 'AwsBusy';
  if (name === 'InsufficientInstanceCapacity' || name === 'InsufficientVolumeCapacity') return 'LaunchFailed';
  if (changing.has(name) || name.endsWith('.NotFound') || name === 'ResourceNotFoundException')
    return 'AwsNotYetConsistent';
  if (refused.has(name)) return 'AwsRefused';
  const isConnection = code !== undefined && /^E[A-Z]+$/.test(code);
  if (silent.has(name) || isConnection || (status !== undefined && status >= 500 && status !== 501))
    return 'AwsUnavailable';
  return 'AwsRejected';
}
