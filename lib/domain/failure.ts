import { printable } from './quoted.ts';

/**
 * What a failure asks for: `transient` is repeated by the state machine, `operator` needs a person to change
 * something, `terminal` ends the operation.
 */
export type RetryClass = 'transient' | 'operator' | 'terminal';

/** Every way a step can fail, closed. The code is the error's name, so Step Functions matches on it. */
export const failureCodes = {
  /** AWS asked to slow down; the SDK's own retries did not outlast it. */
  AwsThrottled: 'transient',
  /** AWS answered with a server fault, or did not answer in time. */
  AwsUnavailable: 'transient',
  /** AWS does not know a resource that was just created, or it is still changing. */
  AwsNotYetConsistent: 'transient',
  /** A limit that clears by itself: copies in flight, pending snapshots. */
  AwsBusy: 'transient',
  /** The catalogue's table did not answer; which says nothing of the Region that is being worked on. */
  CatalogueUnavailable: 'transient',
  /** The credentials of the step are not allowed to do this. */
  AwsRefused: 'operator',
  /** AWS rejected the request for a reason not listed here. */
  AwsRejected: 'terminal',
  /** The input of an operation is malformed, or names something that does not exist. */
  InvalidInput: 'operator',
  UnknownPlan: 'operator',
  UnknownRecoveryPoint: 'operator',
  RecoveryPointNotAvailable: 'operator',
  OperationAlreadyRunning: 'operator',
  WrongPhase: 'operator',
  PreflightFailed: 'operator',
  FenceNotConfirmed: 'operator',
  WaveUnhealthy: 'operator',
  /** A person, or the default of a question that nobody answered, took the operation back. */
  CalledOff: 'operator',
  LaunchFailed: 'operator',
  TrafficChanged: 'operator',
  /** The failover of the plan has begun: its drill makes room. */
  DrillOvertaken: 'operator',
  /** A server of the plan cannot be protected so that a recovery point restores it. */
  ServerRefused: 'operator',
  /** A server was not frozen while its snapshots were begun, and its plan wants no point without. */
  FreezeFailed: 'operator',
  /** A server that was frozen is not known to be thawed. */
  ThawFailed: 'operator',
  SnapshotFailed: 'operator',
  CopyFailed: 'operator',
  PrimaryNotReachable: 'operator',
  LineageLost: 'operator',
  /** What an operation had begun could not be taken back in time. */
  UndoFailed: 'operator',
  /** What stays after coming home, and was accepted to go, did not go in time. */
  AcceptFailed: 'operator',
  TransferFailed: 'operator',
  /** An item of the catalogue is not what it must be, or contradicts itself. */
  CatalogueCorrupt: 'operator',
  /** The operation was preempted: a newer epoch owns the plan. Nothing more may be changed by this one. */
  StaleEpoch: 'terminal',
  /** A promise of the design would be broken; the operation stops. */
  BrokenInvariant: 'terminal',
  /** A step broke in a way that nobody foresaw: a mistake in Homeward. */
  Unforeseen: 'terminal',
} as const satisfies Record<string, RetryClass>;

export type FailureCode = keyof typeof failureCodes;

const messageCharactersMax = 4_000;

/**
 * The one error class of the product. `message` says what failed, on what, and what to do next; what it repeats of an input, of AWS
 * or of the table is made fit to show here, for all of them.
 */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(printable(message, messageCharactersMax), options);
    this.name = code;
    this.code = code;
  }
}

/** Whether a repeat may help: AWS was slow, silent, busy or not yet consistent. */
/** Whether a code is one that is repeated by the state machine. */
export function isTransientCode(code: string): boolean {
  return code in failureCodes && failureCodes[code as FailureCode] === 'transient';
}

export function isTransient(error: unknown): error is Failure {
  return error instanceof Failure && failureCodes[error.code] === 'transient';
}

/** Stops the operation when promise `number` (`I1` to `I12` of the design) would be broken. */
export function assertInvariant(isKept: boolean, number: `I${number}`, what: string): asserts isKept {
  if (!isKept) throw new Failure('BrokenInvariant', `${number} would be broken: ${what}`);
}

/** What Step Functions says of a failure, in one line: a Lambda's cause is a JSON text with the message inside, others are texts. */
export function describeFailure(error = 'Error', cause = ''): string {
  return printable(`${error}: ${messageIn(cause)}`, messageCharactersMax);
}

function messageIn(cause: string): string {
  try {
    const parsed: unknown = JSON.parse(cause);
    const isLambda = typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed;
    return isLambda ? String(parsed.errorMessage) : cause;
  } catch {
    return cause;
  }
}
