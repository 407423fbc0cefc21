import { createHash } from 'node:crypto';
import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  DescribeStateMachineInput,
  DescribeStateMachineOutput,
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput,
  ListExecutionsInput,
  ListExecutionsOutput,
  RedriveExecutionInput,
  RedriveExecutionOutput,
  StartExecutionInput,
  StartExecutionOutput,
  StopExecutionInput,
  StopExecutionOutput,
} from '@aws-sdk/client-sfn';
import { AwsError, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { type Definition, type Prepared, prepare } from './definition.ts';
import { type Execution, type ExecutionEvent, PAYLOAD_BYTES_MAX, Run, type Standing, standingOf } from './execution.ts';
import { historyEvents } from './history.ts';

declare module '../cloud.ts' {
  interface Services {
    stepfunctions: StepFunctions;
  }
}

export type { Execution, ExecutionEvent } from './execution.ts';

/** A state machine as the template deploys it. */
export interface MachineDefinition {
  readonly arn: string;
  readonly name: string;
  readonly role: string;
  /** Amazon States Language, JSONPath. */
  readonly definition: Definition;
}

interface Machine extends MachineDefinition {
  readonly prepared: Prepared;
  readonly createdAt: number;
}

export type ExecutionListener = (execution: Execution, event: ExecutionEvent) => void;

/** A name may be used again so long after the execution closed. @source aws-facts [5.2] */
const NAME_KEPT_MS = 90 * 24 * 3600 * 1000;

/** The simulated Step Functions of one Region: deployed definitions run on a States Language interpreter. */
export class StepFunctions implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #surroundings: Surroundings;
  readonly #machines = new Map<string, Machine>();
  readonly #executions: Execution[] = [];
  readonly #runs = new Map<string, { run: Run; ended: Promise<void>; prepared: Prepared }>();
  readonly #listeners = new Set<ExecutionListener>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      StartExecution: operation<StartExecutionInput, StartExecutionOutput>(
        ['stateMachineArn', 'name', 'input'],
        ({ stateMachineArn, name, input }) => {
          const { arn, startedAt } = this.start(stateMachineArn ?? '', input ?? '{}', name);
          return { executionArn: arn, startDate: new Date(startedAt) };
        },
      ),
      DescribeExecution: operation<DescribeExecutionInput, DescribeExecutionOutput>(['executionArn'], (input) =>
        describe(this.#find(input.executionArn)),
      ),
      ListExecutions: operation<ListExecutionsInput, ListExecutionsOutput>(
        ['stateMachineArn', 'statusFilter', 'maxResults', 'nextToken'],
        (input) => this.#list(input),
      ),
      GetExecutionHistory: operation<GetExecutionHistoryInput, GetExecutionHistoryOutput>(
        ['executionArn', 'maxResults', 'reverseOrder', 'nextToken', 'includeExecutionData'],
        (input) => this.#history(input),
      ),
      StopExecution: operation<StopExecutionInput, StopExecutionOutput>(['executionArn', 'error', 'cause'], (input) =>
        this.#stop(input),
      ),
      RedriveExecution: operation<RedriveExecutionInput, RedriveExecutionOutput>(
        ['executionArn', 'clientToken'],
        (input) => this.#redrive(this.#find(input.executionArn)),
      ),
      DescribeStateMachine: operation<DescribeStateMachineInput, DescribeStateMachineOutput>(
        ['stateMachineArn'],
        (input) => this.#describeMachine(input.stateMachineArn),
      ),
    };
  }

  /** Deploys a machine; running executions keep the definition they started with. */
  createStateMachine(machine: MachineDefinition): void {
    const createdAt = this.#surroundings.cloud.clock.now();
    this.#machines.set(machine.arn, { ...machine, prepared: prepare(machine.definition), createdAt });
  }

  /** All executions, oldest first. */
  get executions(): readonly Execution[] {
    return this.#executions;
  }

  get machines(): readonly MachineDefinition[] {
    return [...this.#machines.values()];
  }

  /** Tells every event of every execution; gives back what ends the telling. */
  onEvent(listener: ExecutionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Settles with the execution once it has ended, however. */
  async ended(executionArn: string): Promise<Execution> {
    await this.#runs.get(executionArn)?.ended;
    return this.#find(executionArn);
  }

  /**
   * Starts an execution, or gives the running one of the same name and input.
   * @source aws-facts [5.2]
   */
  start(machineArn: string, input: string, name?: string): Execution {
    const machine = this.#machine(machineArn);
    checkInput(input);
    const known = name === undefined ? undefined : this.#named(machine, name);
    if (known !== undefined) {
      if (known.status === 'RUNNING' && known.input === input) return known;
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${known.arn}'`);
    }
    const given = name ?? this.#inventName();
    checkName(given);
    const { cloud } = this.#surroundings;
    const execution: Execution = {
      arn: `${machine.arn.replace(':stateMachine:', ':execution:')}:${given}`,
      name: given,
      machineArn: machine.arn,
      machineName: machine.name,
      input,
      startedAt: cloud.clock.now(),
      history: [],
      status: 'RUNNING',
    };
    this.#executions.push(execution);
    this.#begin(execution, machine.prepared);
    return execution;
  }

  #begin(execution: Execution, prepared: Prepared, from?: Standing): void {
    const { cloud, region } = this.#surroundings;
    const run = new Run(cloud, region, prepared, execution, (event) => {
      for (const listener of this.#listeners) listener(execution, event);
    });
    const ended = run.toEnd(from).then(() => this.#tell(execution));
    this.#runs.set(execution.arn, { run, ended, prepared });
  }

  /**
   * Goes on with an execution that did not succeed, from the state it stood at, with that state's input and the definition it
   * started with. A Map begins again with all its items, where AWS repeats only those that failed.
   * @source Step Functions API reference, RedriveExecution
   */
  #redrive(execution: Execution): RedriveExecutionOutput {
    const { cloud } = this.#surroundings;
    const prepared = this.#runs.get(execution.arn)?.prepared;
    const standing = prepared === undefined ? undefined : standingOf(execution, prepared.root);
    if (
      execution.status === 'RUNNING' ||
      execution.status === 'SUCCEEDED' ||
      standing === undefined ||
      prepared === undefined
    )
      throw new AwsError(
        'ExecutionNotRedrivable',
        `Execution is ${execution.status} and cannot be redriven: '${execution.arn}'`,
      );
    execution.status = 'RUNNING';
    delete execution.stoppedAt;
    delete execution.error;
    delete execution.cause;
    this.#begin(execution, prepared, standing);
    return { redriveDate: new Date(cloud.clock.now()) };
  }

  /** @source Step Functions guide, EventBridge events */
  #tell({ arn, machineArn, name, status, startedAt, stoppedAt = 0 }: Execution): void {
    const { cloud, region } = this.#surroundings;
    cloud.services(region).eventbridge.emit({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [arn],
      detail: {
        executionArn: arn,
        stateMachineArn: machineArn,
        name,
        status,
        startDate: startedAt,
        stopDate: stoppedAt,
      },
    });
  }

  #machine(arn: string): Machine {
    const machine = this.#machines.get(arn);
    if (machine !== undefined) return machine;
    if (!/^arn:aws:states:[^:]+:\d{12}:stateMachine:.+$/.test(arn)) {
      throw new AwsError('InvalidArn', `Invalid Arn: '${arn}'`);
    }
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }

  #named(machine: Machine, name: string): Execution | undefined {
    const now = this.#surroundings.cloud.clock.now();
    return this.#executions.find(
      (one) =>
        one.machineArn === machine.arn &&
        one.name === name &&
        (one.stoppedAt === undefined || now - one.stoppedAt < NAME_KEPT_MS),
    );
  }

  #inventName(): string {
    const seed = `${this.#surroundings.region} ${this.#executions.length}`;
    const hex = createHash('sha256').update(seed).digest('hex');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  }

  #find(arn: string | undefined): Execution {
    const found = this.#executions.findLast((execution) => execution.arn === arn);
    if (found === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return found;
  }

  #list(input: ListExecutionsInput): ListExecutionsOutput {
    const machine = this.#machine(input.stateMachineArn ?? '');
    const all = this.#executions
      .filter((one) => one.machineArn === machine.arn)
      .filter((one) => input.statusFilter === undefined || one.status === input.statusFilter)
      .toReversed();
    const { page, next } = paged(all, input.maxResults, input.nextToken);
    return { executions: page.map(summary), ...next };
  }

  #history(input: GetExecutionHistoryInput): GetExecutionHistoryOutput {
    const events = historyEvents(this.#find(input.executionArn));
    if (input.reverseOrder === true) events.reverse();
    const { page, next } = paged(events, input.maxResults, input.nextToken);
    return { events: page, ...next };
  }

  async #stop(input: StopExecutionInput): Promise<StopExecutionOutput> {
    const { arn } = this.#find(input.executionArn);
    this.#runs.get(arn)?.run.stop('ABORTED', input.error ?? '', input.cause ?? '');
    const { stoppedAt = 0 } = await this.ended(arn);
    return { stopDate: new Date(stoppedAt) };
  }

  #describeMachine(arn: string | undefined): DescribeStateMachineOutput {
    const machine = this.#machine(arn ?? '');
    return {
      stateMachineArn: machine.arn,
      name: machine.name,
      definition: JSON.stringify(machine.definition),
      roleArn: machine.role,
      type: 'STANDARD',
      status: 'ACTIVE',
      creationDate: new Date(machine.createdAt),
    };
  }
}

function checkInput(input: string): void {
  if (Buffer.byteLength(input) > PAYLOAD_BYTES_MAX) {
    throw new AwsError(
      'ValidationException',
      `Value at 'input' must have length less than or equal to ${PAYLOAD_BYTES_MAX}`,
    );
  }
  try {
    JSON.parse(input);
  } catch {
    throw new AwsError('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is not JSON');
  }
}

function checkName(name: string): void {
  const isValid = name.length >= 1 && name.length <= 80 && /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]+$/u.test(name);
  if (!isValid) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

function paged<T>(all: readonly T[], max = 100, token = '0') {
  const from = Number(token);
  const until = from + (max === 0 ? 100 : max);
  return { page: all.slice(from, until), next: until < all.length ? { nextToken: String(until) } : {} };
}

function summary(execution: Execution) {
  const { arn, name, machineArn, status, startedAt, stoppedAt } = execution;
  return {
    executionArn: arn,
    name,
    stateMachineArn: machineArn,
    status,
    startDate: new Date(startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: new Date(stoppedAt) }),
  };
}

function describe(execution: Execution): DescribeExecutionOutput {
  const { input, output, error, cause } = execution;
  return {
    ...summary(execution),
    input,
    ...(output === undefined ? {} : { output: JSON.stringify(output) }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}
