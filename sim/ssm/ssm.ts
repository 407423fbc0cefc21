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

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut';

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
/** An invocation is not known to GetCommandInvocation right after SendCommand. */
const KNOWN_AFTER_MS = 500;
const STARTED_AFTER_MS = 1_000;
const SECONDS = 2;
const TIMEOUT_SECONDS = 3_600;
const EXECUTION_SECONDS = 3_600;

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
    const {
      InstanceIds = [],
      DocumentName = '',
      Parameters = {},
      TimeoutSeconds = TIMEOUT_SECONDS,
      Comment = '',
    } = input;
    if (DocumentName !== DOCUMENT) throw new NotModelled(`the SSM document ${DocumentName}`);
    const other = Object.keys(Parameters).find((name) => !PARAMETERS.includes(name));
    if (other !== undefined)
      throw new AwsError('InvalidParameters', `Parameter ${other} is not supported by ${DOCUMENT}.`);
    const { commands: lines = [], executionTimeout: [limit = String(EXECUTION_SECONDS)] = [] } = Parameters;
    if (lines.length === 0) throw new AwsError('InvalidParameters', 'Parameter commands is required.');
    if (InstanceIds.length < 1 || InstanceIds.length > INSTANCES_MAX) {
      throw new AwsError('ValidationException', `InstanceIds must hold 1 to ${INSTANCES_MAX} ids.`);
    }
    const managed = this.managedInstances();
    const unknown = InstanceIds.filter((id) => !managed.includes(id));
    if (unknown.length > 0) {
      throw new AwsError(
        'InvalidInstanceId',
        `Instances [[${unknown.join(', ')}]] not in a valid state for account ${this.#surroundings.account}`,
      );
    }
    const commandId = this.#uuid();
    const sentAt = this.#surroundings.cloud.clock.now();
    for (const instanceId of InstanceIds) {
      const invocation: CommandInvocation = {
        commandId,
        instanceId,
        lines,
        sentAt,
        comment: Comment,
        status: 'Pending',
        result: undefined,
        endedAt: undefined,
      };
      this.invocations.push(invocation);
      void this.#run(invocation, TimeoutSeconds, Number(limit));
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

  async #run(invocation: CommandInvocation, deliverySeconds: number, executionSeconds: number): Promise<void> {
    await this.#pass(STARTED_AFTER_MS);
    const { commandId, instanceId, lines } = invocation;
    const result = await this.onCommand({ commandId, instanceId, lines });
    if (result === undefined) {
      await this.#pass(deliverySeconds * 1000);
      this.#end(invocation, 'TimedOut', undefined);
      return;
    }
    invocation.status = 'InProgress';
    const { seconds = SECONDS, exitCode } = result;
    await this.#pass(Math.min(seconds, executionSeconds) * 1000);
    if (seconds > executionSeconds) this.#end(invocation, 'TimedOut', { ...result, exitCode: 137 });
    else this.#end(invocation, exitCode === 0 ? 'Success' : 'Failed', result);
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
      StatusDetails: status === 'TimedOut' && result === undefined ? 'Delivery Timed Out' : status,
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
