import { checkTarget, deliver, type RetryPolicy } from '../eventbridge/delivery.ts';
import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { uuidSource } from '../uuid.ts';
import { type Rhythm, rhythmOf } from './expression.ts';
import type { GetScheduleRequest, ListSchedulesRequest, ScheduleTarget, UpdateScheduleRequest } from './requests.ts';

declare module '../cloud.ts' {
  interface Services {
    scheduler: Scheduler;
  }
}

/** A schedule as templates write it. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly scheduleExpression: string;
  readonly timezone?: string;
  readonly target: {
    readonly arn: string;
    readonly roleArn: string;
    readonly input: string;
    readonly retryPolicy?: RetryPolicy;
  };
  readonly state?: string;
  readonly flexibleTimeWindow: { readonly Mode?: string | undefined };
}

interface Schedule {
  definition: ScheduleDefinition;
  rhythm: Rhythm;
  isEnabled: boolean;
  readonly createdAt: number;
  changedAt: number;
}

/** An invocation that reached its target, or no longer does. */
export interface Invocation {
  readonly schedule: string;
  readonly scheduledAt: number;
  readonly endedAt: number;
  /** Why it was lost, or `undefined` when it was delivered. */
  readonly lost: string | undefined;
}

const TARGET_MEMBERS = ['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig'];
const NAME_CHARACTERS_MAX = 64;
const GROUP = 'default';

/** The simulated EventBridge Scheduler of one Region: `rate` and `at` schedules on virtual time. */
export class Scheduler implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every invocation that has ended, oldest first. */
  readonly invocations: Invocation[] = [];
  /** How often each invocation is delivered; AWS promises at least once. */
  deliveries = 1;
  /** An invocation comes up to so long after its time; AWS promises only the minute. @source aws-facts [5.9] */
  delayMsMax = 1_000;
  /** While it is held, due times pass by: what was begun comes to rest, and nothing new begins. */
  isHeld = false;
  readonly #surroundings: Surroundings;
  readonly #schedules = new Map<string, Schedule>();
  readonly #uuid: () => string;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#uuid = uuidSource(surroundings.cloud, `scheduler ${surroundings.region}`);
    this.operations = {
      GetSchedule: operation<GetScheduleRequest, object>(['Name', 'GroupName'], (input) =>
        this.#described(this.#find(input)),
      ),
      ListSchedules: operation<ListSchedulesRequest, object>(
        ['GroupName', 'NamePrefix', 'State', 'MaxResults', 'NextToken'],
        (input) => this.#list(input),
      ),
      UpdateSchedule: operation<UpdateScheduleRequest, { ScheduleArn: string }>(
        [
          'Name',
          'GroupName',
          'ScheduleExpression',
          'ScheduleExpressionTimezone',
          'FlexibleTimeWindow',
          'State',
          'Target',
        ],
        (input) => this.#update(input),
      ),
    };
  }

  /** Deploys a schedule; a rate begins one period from now. */
  createFromTemplate(definition: ScheduleDefinition): string {
    const now = this.#surroundings.cloud.clock.now();
    const schedule: Schedule = { ...checked(definition), createdAt: now, changedAt: now };
    this.#schedules.set(definition.name, schedule);
    this.#arm(schedule);
    return this.#arn(definition.name);
  }

  /** Sets the timer of the next time; it ends with the schedule or with its rhythm. */
  #arm(schedule: Schedule): void {
    const { clock } = this.#surroundings.cloud;
    const { rhythm, definition } = schedule;
    const isCurrent = () => this.#schedules.get(definition.name) === schedule && schedule.rhythm === rhythm;
    if (rhythm.kind === 'at') {
      if (rhythm.at < clock.now()) return;
      clock.after(rhythm.at - clock.now(), () => {
        if (isCurrent()) this.#due(schedule, rhythm.at);
      });
      return;
    }
    const wait = (scheduledAt: number): void =>
      clock.after(scheduledAt - clock.now(), () => {
        if (!isCurrent()) return;
        this.#due(schedule, scheduledAt);
        wait(scheduledAt + rhythm.everyMs);
      });
    wait(clock.now() + rhythm.everyMs);
  }

  #due(schedule: Schedule, scheduledAt: number): void {
    if (!schedule.isEnabled || this.isHeld) return;
    const { clock, random } = this.#surroundings.cloud;
    const executionId = this.#uuid();
    const { definition } = schedule;
    const chance = random.fork(`schedule ${this.#surroundings.region} ${definition.name} ${scheduledAt}`);
    for (let copy = 0; copy < this.deliveries; copy += 1) {
      clock.after(1 + chance.below(this.delayMsMax), () => void this.#invoke(definition, scheduledAt, executionId));
    }
  }

  async #invoke(definition: ScheduleDefinition, scheduledAt: number, executionId: string): Promise<void> {
    const { name, target } = definition;
    const outcome = await deliver(this.#surroundings, {
      targetArn: target.arn,
      input: (attempt) =>
        filled(target.input, {
          'schedule-arn': this.#arn(name),
          'scheduled-time': `${new Date(scheduledAt).toISOString().slice(0, 19)}Z`,
          'execution-id': executionId,
          'attempt-number': String(attempt),
        }),
      arisenAt: scheduledAt,
      retryPolicy: target.retryPolicy ?? {},
    });
    const lost = outcome.kind === 'lost' ? outcome.reason : undefined;
    this.invocations.push({ schedule: name, scheduledAt, endedAt: this.#surroundings.cloud.clock.now(), lost });
  }

  /** Replaces the whole schedule, as AWS does: what the request leaves out goes back to its default. */
  #update(input: UpdateScheduleRequest): { ScheduleArn: string } {
    const schedule = this.#find(input);
    const { Name = '', ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, State, Target } = input;
    if (ScheduleExpression === undefined) throw required('ScheduleExpression');
    if (FlexibleTimeWindow === undefined) throw required('FlexibleTimeWindow');
    if (Target === undefined) throw required('Target');
    const definition: ScheduleDefinition = {
      name: Name,
      scheduleExpression: ScheduleExpression,
      ...(ScheduleExpressionTimezone === undefined ? {} : { timezone: ScheduleExpressionTimezone }),
      ...(State === undefined ? {} : { state: State }),
      flexibleTimeWindow: FlexibleTimeWindow,
      target: targetOf(Target),
    };
    const keepsRhythm = schedule.definition.scheduleExpression === ScheduleExpression;
    const { rhythm, isEnabled } = checked(definition);
    Object.assign(schedule, { definition, isEnabled, changedAt: this.#surroundings.cloud.clock.now() });
    if (!keepsRhythm) {
      schedule.rhythm = rhythm;
      this.#arm(schedule);
    }
    return { ScheduleArn: this.#arn(Name) };
  }

  #find({ Name = '', GroupName = GROUP }: GetScheduleRequest): Schedule {
    const schedule = GroupName === GROUP ? this.#schedules.get(Name) : undefined;
    if (schedule !== undefined) return schedule;
    throw new AwsError('ResourceNotFoundException', `Schedule ${Name} does not exist.`, 404);
  }

  #list({ GroupName = GROUP, NamePrefix = '', State, MaxResults = 100, NextToken }: ListSchedulesRequest): object {
    const matching = [...this.#schedules.values()].filter(
      (schedule) =>
        GroupName === GROUP &&
        schedule.definition.name.startsWith(NamePrefix) &&
        (State === undefined || stateOf(schedule) === State),
    );
    const from = Number(NextToken ?? 0);
    const until = from + MaxResults;
    return {
      Schedules: matching.slice(from, until).map((schedule) => ({
        ...this.#summary(schedule),
        Target: { Arn: schedule.definition.target.arn },
      })),
      ...(until < matching.length ? { NextToken: String(until) } : {}),
    };
  }

  #summary(schedule: Schedule) {
    const { name } = schedule.definition;
    return {
      Arn: this.#arn(name),
      Name: name,
      GroupName: GROUP,
      State: stateOf(schedule),
      CreationDate: new Date(schedule.createdAt),
      LastModificationDate: new Date(schedule.changedAt),
    };
  }

  #described(schedule: Schedule): object {
    const { scheduleExpression, timezone, target, flexibleTimeWindow } = schedule.definition;
    return {
      ...this.#summary(schedule),
      ScheduleExpression: scheduleExpression,
      ScheduleExpressionTimezone: timezone ?? 'UTC',
      FlexibleTimeWindow: flexibleTimeWindow,
      Target: {
        Arn: target.arn,
        RoleArn: target.roleArn,
        Input: target.input,
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185, ...target.retryPolicy },
      },
      ActionAfterCompletion: 'NONE',
    };
  }

  #arn(name: string): string {
    return `arn:aws:scheduler:${this.#surroundings.region}:${this.#surroundings.account}:schedule/${GROUP}/${name}`;
  }
}

function checked(definition: ScheduleDefinition): Pick<Schedule, 'definition' | 'rhythm' | 'isEnabled'> {
  const { name, scheduleExpression, timezone, target, state = 'ENABLED', flexibleTimeWindow } = definition;
  if (!/^[\w.-]+$/.test(name) || name.length > NAME_CHARACTERS_MAX) throw invalid(`Invalid schedule name ${name}.`);
  if (flexibleTimeWindow?.Mode !== 'OFF') throw new NotModelled(`the flexible time window of schedule ${name}`);
  if (target.input === undefined) throw new NotModelled(`schedule ${name} without Input`);
  const { MaximumEventAgeInSeconds: age = 86_400, MaximumRetryAttempts: retries = 185 } = target.retryPolicy ?? {};
  if (age < 60 || age > 86_400) throw invalid('MaximumEventAgeInSeconds must be between 60 and 86400.');
  if (retries < 0 || retries > 185) throw invalid('MaximumRetryAttempts must be between 0 and 185.');
  checkTarget(target.arn);
  filled(target.input, { 'schedule-arn': '', 'scheduled-time': '', 'execution-id': '', 'attempt-number': '' });
  return { definition, rhythm: rhythmOf(scheduleExpression, timezone), isEnabled: state === 'ENABLED' };
}

function targetOf(target: ScheduleTarget): ScheduleDefinition['target'] {
  const other = Object.entries(target).find(([name, value]) => value !== undefined && !TARGET_MEMBERS.includes(name));
  if (other !== undefined) throw new NotModelled(`Target.${other[0]} of schedules`);
  const { Arn = '', RoleArn = '', Input, RetryPolicy } = target;
  if (Input === undefined) throw new NotModelled('schedules without Input');
  return {
    arn: Arn,
    roleArn: RoleArn,
    input: Input,
    ...(RetryPolicy === undefined ? {} : { retryPolicy: RetryPolicy }),
  };
}

/** Puts the values of an invocation into `<aws.scheduler.*>`. */
function filled(input: string, values: Readonly<Record<string, string>>): string {
  return input.replace(/<aws\.scheduler\.([\w-]+)>/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) throw new NotModelled(`the placeholder ${placeholder}`);
    return value;
  });
}

function stateOf({ isEnabled }: Schedule): 'ENABLED' | 'DISABLED' {
  return isEnabled ? 'ENABLED' : 'DISABLED';
}

function required(member: string): AwsError {
  return invalid(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
