import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { uuidSource } from '../uuid.ts';
import type {
  DescribeInstanceInformationRequest,
  GetCommandInvocationRequest,
  SendCommandRequest,
} from './requests.ts';

declare module '../cloud.ts' {
  interface Services {
    ssm: Ssm;
  }
}

/** A shell script on its way to one instance. */
export interface ShellCommand {
  readonly commandId: string;
  readonly instanceId: string;
  readonly lines: readonly string[];
}

/** What the script did. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** How long it ran; 2 s unless given. */
  readonly seconds?: number;
}

type Status = 'Pending' | 'InProgress' | 'Delayed' | 'Success' | 'Failed' | 'TimedOut';

/** One command on one instance. */
export interface CommandInvocation extends ShellCommand {
  readonly sentAt: number;
  readonly comment: string;
  status: Status;
  result: CommandResult | undefined;
  endedAt: number | undefined;
}

const DOCUMENT = 'AWS-RunShellScript';
const PARAMETERS = ['commands', 'executionTimeout', 'workingDirectory'];
const INSTANCES_MAX = 50;
const OUTPUT_CHARACTERS_MAX = 24_000;
const COMMENT_CHARACTERS_MAX = 100;
/** Of all parameters together, as JSON. */
const PARAMETERS_BYTES_MAX = 65_536;
/** An invocation is not known to GetCommandInvocation right after SendCommand. */
const KNOWN_AFTER_MS = 500;
const STARTED_AFTER_MS = 1_000;
const SECONDS = 2;
const TIMEOUT_SECONDS = 3_600;
const [TIMEOUT_SECONDS_MIN, TIMEOUT_SECONDS_MAX] = [30, 2_592_000];
const EXECUTION_SECONDS = 3_600;
const EXECUTION_SECONDS_MAX = 172_800;
/** How often an agent that did not answer is tried again. */
const AGAIN_AFTER_MS = 1_000;

/** The simulated Systems Manager of one Region, as far as shell commands go. */
export class Ssm implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every command on every instance, oldest first. */
  readonly invocations: CommandInvocation[] = [];
  /** What a script does on an instance; the world says it. `undefined`: the agent does not answer. */
  onCommand: (command: ShellCommand) => CommandResult | undefined | Promise<CommandResult | undefined> = () => ({
    exitCode: 0,
  });
  /** Instances whose agent is registered and answers; the world says it. */
  managedInstances: () => readonly string[] = () => [];
  /** Whether an agent fetches no commands for now. One that comes back in time fetches those that wait, in no order. */
  isAgentSilent: (instanceId: string) => boolean = () => false;
  readonly #surroundings: Surroundings;
  readonly #uuid: () => string;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#uuid = uuidSource(surroundings.cloud, `ssm ${surroundings.region}`);
    this.operations = {
      SendCommand: operation<SendCommandRequest, object>(
        ['InstanceIds', 'DocumentName', 'Parameters', 'TimeoutSeconds', 'Comment'],
        (input) => this.#send(input),
      ),
      GetCommandInvocation: operation<GetCommandInvocationRequest, object>(['CommandId', 'InstanceId'], (input) =>
        this.#get(input),
      ),
      DescribeInstanceInformation: operation<DescribeInstanceInformationRequest, object>(
        ['Filters', 'MaxResults', 'NextToken'],
        (input) => this.#describe(input),
      ),
    };
  }

  #send(input: SendCommandRequest): object {
    const { InstanceIds = [], DocumentName = '', Parameters = {}, Comment = '' } = input;
    const { TimeoutSeconds = TIMEOUT_SECONDS } = input;
    const executionSeconds = checked(input);
    this.#refuseUnmanaged(InstanceIds);
    const commandId = this.#uuid();
    const sentAt = this.#surroundings.cloud.clock.now();
    for (const instanceId of InstanceIds) {
      const invocation: CommandInvocation = {
        commandId,
        instanceId,
        lines: Parameters['commands'] ?? [],
        sentAt,
        comment: Comment,
        status: 'Pending',
        result: undefined,
        endedAt: undefined,
      };
      this.invocations.push(invocation);
      void this.#run(invocation, TimeoutSeconds + executionSeconds, executionSeconds);
    }
    return {
      Command: {
        CommandId: commandId,
        DocumentName,
        Parameters,
        InstanceIds,
        Comment,
        Status: 'Pending',
        RequestedDateTime: new Date(sentAt),
      },
    };
  }

  #refuseUnmanaged(ids: readonly string[]): void {
    const managed = this.managedInstances();
    const unknown = ids.filter((id) => !managed.includes(id));
    if (unknown.length === 0) return;
    throw new AwsError(
      'InvalidInstanceId',
      `Instances [[${unknown.join(', ')}]] not in a valid state for account ${this.#surroundings.account}`,
    );
  }

  /** Until the sum of both time-outs is over, a command that no agent took may still run, and is told as `Delayed`. */
  async #run(invocation: CommandInvocation, deliverySeconds: number, executionSeconds: number): Promise<void> {
    const { commandId, instanceId, lines } = invocation;
    const latest = invocation.sentAt + deliverySeconds * 1_000;
    await this.#pass(STARTED_AFTER_MS);
    while (this.#isSilent(instanceId) && this.#surroundings.cloud.clock.now() < latest) {
      invocation.status = 'Delayed';
      await this.#pass(AGAIN_AFTER_MS);
    }
    const result = this.#isSilent(instanceId) ? undefined : await this.onCommand({ commandId, instanceId, lines });
    if (result === undefined) {
      await this.#pass(Math.max(0, latest - this.#surroundings.cloud.clock.now()));
      this.#end(invocation, 'TimedOut', undefined);
      return;
    }
    invocation.status = 'InProgress';
    const { seconds = SECONDS, exitCode } = result;
    await this.#pass(Math.min(seconds, executionSeconds) * 1000);
    if (seconds > executionSeconds) this.#end(invocation, 'TimedOut', { ...result, exitCode: 137 });
    else this.#end(invocation, exitCode === 0 ? 'Success' : 'Failed', result);
  }

  #isSilent(instanceId: string): boolean {
    const { cloud, region } = this.#surroundings;
    return (
      cloud.faults.isSilent(region) || this.isAgentSilent(instanceId) || !this.managedInstances().includes(instanceId)
    );
  }

  #end(invocation: CommandInvocation, status: Status, result: CommandResult | undefined): void {
    Object.assign(invocation, { status, result, endedAt: this.#surroundings.cloud.clock.now() });
  }

  #pass(ms: number): Promise<void> {
    return new Promise((settle) => this.#surroundings.cloud.clock.after(ms, settle));
  }

  #get({ CommandId, InstanceId }: GetCommandInvocationRequest): object {
    const now = this.#surroundings.cloud.clock.now();
    const found = this.invocations.find(
      ({ commandId, instanceId, sentAt }) =>
        commandId === CommandId && instanceId === InstanceId && now >= sentAt + KNOWN_AFTER_MS,
    );
    if (found === undefined)
      throw new AwsError('InvocationDoesNotExist', `The command ${CommandId} on ${InstanceId} is not known.`);
    const { status, result, comment, endedAt } = found;
    return {
      CommandId,
      InstanceId,
      Comment: comment,
      DocumentName: DOCUMENT,
      PluginName: 'aws:runShellScript',
      Status: status,
      StatusDetails: detailsOf(found),
      ResponseCode: result !== undefined && endedAt !== undefined ? result.exitCode : -1,
      StandardOutputContent: endedAt === undefined ? '' : (result?.stdout ?? '').slice(0, OUTPUT_CHARACTERS_MAX),
      StandardErrorContent: endedAt === undefined ? '' : (result?.stderr ?? '').slice(0, OUTPUT_CHARACTERS_MAX),
      ...(endedAt === undefined ? {} : { ExecutionEndDateTime: new Date(endedAt).toISOString() }),
    };
  }

  #describe({ Filters = [], MaxResults = 10, NextToken }: DescribeInstanceInformationRequest): object {
    if (MaxResults < 5 || MaxResults > 50) throw new AwsError('ValidationException', 'MaxResults must be 5 to 50.');
    const matching = this.managedInstances().filter((id) =>
      Filters.every(({ Key, Values = [] }) => {
        if (Key === 'InstanceIds') return Values.includes(id);
        if (Key === 'PingStatus') return Values.includes('Online');
        throw new NotModelled(`the filter ${Key} of DescribeInstanceInformation`);
      }),
    );
    const from = Number(NextToken ?? 0);
    const until = from + MaxResults;
    return {
      InstanceInformationList: matching.slice(from, until).map((InstanceId) => ({
        InstanceId,
        PingStatus: 'Online',
        PlatformType: 'Linux',
        ResourceType: 'EC2Instance',
      })),
      ...(until < matching.length ? { NextToken: String(until) } : {}),
    };
  }
}

/** What AWS checks before it sends anything. Gives how long a script may run, in seconds. */
function checked(input: SendCommandRequest): number {
  const {
    InstanceIds = [],
    DocumentName = '',
    Parameters = {},
    TimeoutSeconds = TIMEOUT_SECONDS,
    Comment = '',
  } = input;
  const invalid = (message: string) => new AwsError('ValidationException', message);
  if (InstanceIds.length < 1 || InstanceIds.length > INSTANCES_MAX)
    throw invalid(`InstanceIds must hold 1 to ${INSTANCES_MAX} ids.`);
  if (new Set(InstanceIds).size < InstanceIds.length)
    throw new AwsError('DuplicateInstanceId', 'An instance is named twice.');
  if (TimeoutSeconds < TIMEOUT_SECONDS_MIN || TimeoutSeconds > TIMEOUT_SECONDS_MAX)
    throw invalid(`TimeoutSeconds must be ${TIMEOUT_SECONDS_MIN} to ${TIMEOUT_SECONDS_MAX}.`);
  if (Comment.length > COMMENT_CHARACTERS_MAX)
    throw invalid(`Comment must have length less than or equal to ${COMMENT_CHARACTERS_MAX}.`);
  if (DocumentName !== DOCUMENT) throw new NotModelled(`the SSM document ${DocumentName}`);
  const wrong = (message: string) => new AwsError('InvalidParameters', message);
  const other = Object.keys(Parameters).find((name) => !PARAMETERS.includes(name));
  if (other !== undefined) throw wrong(`Parameter ${other} is not supported by ${DOCUMENT}.`);
  const { commands = [], executionTimeout: [limit = String(EXECUTION_SECONDS)] = [] } = Parameters;
  if (commands.length === 0) throw wrong('Parameter commands is required.');
  if (commands.some((line) => /\{\{.*\}\}/.test(line)))
    throw new NotModelled('references to parameters in the commands of a script');
  if (!/^[1-9]\d{0,5}$/.test(limit) || Number(limit) > EXECUTION_SECONDS_MAX)
    throw wrong(`Parameter executionTimeout must be 1 to ${EXECUTION_SECONDS_MAX}.`);
  if (Buffer.byteLength(JSON.stringify(Parameters)) > PARAMETERS_BYTES_MAX)
    throw invalid(`Parameters must not be larger than ${PARAMETERS_BYTES_MAX} bytes.`);
  return Number(limit);
}

/** As the API gives them, without the spaces of its guide. */
function detailsOf({ status, result }: CommandInvocation): string {
  if (status !== 'TimedOut') return status;
  return result === undefined ? 'DeliveryTimedOut' : 'ExecutionTimedOut';
}
