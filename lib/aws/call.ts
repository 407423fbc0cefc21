import { Failure, type FailureCode, isTransient } from '../domain/failure.ts';
import { printable } from '../domain/quoted.ts';

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
  'SlowDown',
]);
/** There is no room now: of AWS, or within what the account may have at a time, of which something else may take a part. @source aws-facts [3.4] */
const roomless = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientVolumeCapacity',
  'ReservationCapacityExceeded',
  'InstanceLimitExceeded',
  'VcpuLimitExceeded',
  'VolumeLimitExceeded',
  'MaxIOPSLimitExceeded',
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
/** What was created a moment ago may not be known yet. @source aws-facts [7.4], [2.8] */
const appearing = new Set([
  'InvalidInstanceID.NotFound',
  'InvalidSnapshot.NotFound',
  'InvalidVolume.NotFound',
  'InvalidAMIID.NotFound',
  'InvalidAMIID.Unavailable',
  'ResourceNotFoundException',
]);
/** Reasons of the EBS direct APIs that a repeat of the step clears: it lists its blocks again. @source aws-facts [2.5], [2.10] */
const passing = new Set([
  'CONFLICTING_BLOCK_UPDATE',
  'INVALID_BLOCK_TOKEN',
  'INVALID_PAGE_TOKEN',
  'WRITE_REQUEST_TIMEOUT',
]);
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

/** Of AWS's own words, which may repeat a request. */
const messageCharactersMax = 600;

/** What a call is given so that its caller can give it up. */
export interface Patience {
  readonly abortSignal?: AbortSignal;
}

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

/** Told apart from a silent Region: see `CatalogueUnavailable`. */
export async function catalogueCall<Output>(what: string, call: () => Promise<Output>): Promise<Output> {
  try {
    return await awsCall(what, call);
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new Failure('CatalogueUnavailable', error.message, { cause: error });
  }
}

/** Whether AWS did not answer, or asked for a slower pace: another endpoint may answer. */
export function isUnanswered(error: unknown): error is AwsFailure {
  return error instanceof AwsFailure && (error.code === 'AwsUnavailable' || error.code === 'AwsThrottled');
}

function toFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { name = 'Error', message = '', Reason } = error as Partial<ServiceError>;
  const failureCode = classify(error as Partial<ServiceError>);
  return new AwsFailure(
    failureCode,
    name,
    Reason,
    `Cannot ${what}: AWS answered ${name}: ${printable(message, messageCharactersMax)}${Reason === undefined ? '' : ` (${Reason})`}`,
    error,
  );
}

function classify({ name = 'Error', Reason, code, $metadata }: Partial<ServiceError>): FailureCode {
  const status = $metadata?.httpStatusCode;
  if (Reason === 'UNRELATED_SNAPSHOTS') return 'LineageLost';
  if (Reason !== undefined && passing.has(Reason)) return 'AwsBusy';
  if (throttling.has(name) || status === 429) return 'AwsThrottled';
  if (busy.has(name)) return 'AwsBusy';
  if (roomless.has(name)) return 'LaunchFailed';
  if (changing.has(name) || appearing.has(name)) return 'AwsNotYetConsistent';
  if (refused.has(name)) return 'AwsRefused';
  const isConnection = code !== undefined && /^E[A-Z_]+$/.test(code);
  if (silent.has(name) || isConnection || (status !== undefined && status >= 500 && status !== 501))
    return 'AwsUnavailable';
  return 'AwsRejected';
}
