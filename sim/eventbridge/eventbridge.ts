import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { uuidSource } from '../uuid.ts';
import { checkTarget, deliver, type RetryPolicy } from './delivery.ts';
import { type EventPattern, matcherOf } from './pattern.ts';
import type {
  ListRulesRequest,
  PutEventsEntry,
  PutEventsRequest,
  PutEventsResponse,
  PutEventsResult,
  RuleRequest,
  RuleSummary,
} from './requests.ts';

declare module '../cloud.ts' {
  interface Services {
    eventbridge: EventBridge;
  }
}

/** What a service of the cloud tells; the rest of the envelope is added. */
export interface Occurrence {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources?: readonly string[];
  readonly detail: object;
  readonly time?: string;
}

/** An event as targets receive it. */
export interface BusEvent extends Occurrence {
  readonly version: '0';
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly time: string;
  readonly resources: readonly string[];
}

/** A target as templates write it. */
export interface RuleTarget {
  readonly Arn: string;
  readonly Id: string;
  readonly RoleArn?: string;
  readonly Input?: string;
  readonly RetryPolicy?: RetryPolicy;
  readonly DeadLetterConfig?: object;
}

/** A rule as templates write it. */
export interface RuleDefinition {
  readonly name: string;
  readonly eventPattern: EventPattern | string;
  readonly scheduleExpression?: string;
  readonly targets: readonly RuleTarget[];
  readonly state?: string;
}

interface Rule {
  readonly name: string;
  readonly pattern: string;
  readonly matches: (event: object) => boolean;
  readonly targets: readonly RuleTarget[];
  isEnabled: boolean;
}

/** An event that no longer reaches its target. */
export interface LostDelivery {
  readonly at: number;
  readonly rule: string;
  readonly targetArn: string;
  readonly event: BusEvent;
  readonly reason: string;
}

const DELIVERY_MS = 1_000;
const TARGET_MEMBERS = ['Arn', 'Id', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig'];
/** @source aws-facts [5.9] */
const TARGETS_MAX = 5;
const PATTERN_CHARACTERS_MAX = 4096;
const ENTRIES_MAX = 10;

/** The simulated EventBridge of one Region: the default bus, its rules and their targets. */
export class EventBridge implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every event that reached the bus, oldest first. */
  readonly events: BusEvent[] = [];
  readonly lost: LostDelivery[] = [];
  /** How often each event is delivered; AWS promises at least once. */
  deliveries = 1;
  readonly #surroundings: Surroundings;
  readonly #rules = new Map<string, Rule>();
  readonly #uuid: () => string;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#uuid = uuidSource(surroundings.cloud, `eventbridge ${surroundings.region}`);
    this.operations = {
      PutEvents: operation<PutEventsRequest, PutEventsResponse>(['Entries'], ({ Entries }) => this.#put(Entries ?? [])),
      ListRules: operation<ListRulesRequest, { Rules: RuleSummary[]; NextToken?: string }>(
        ['NamePrefix', 'EventBusName', 'Limit', 'NextToken'],
        (input) => this.#list(input),
      ),
      DescribeRule: operation<RuleRequest, RuleSummary>(['Name', 'EventBusName'], (input) =>
        this.#describe(this.#find(input)),
      ),
      EnableRule: operation<RuleRequest, object>(['Name', 'EventBusName'], (input) => this.#enable(input, true)),
      DisableRule: operation<RuleRequest, object>(['Name', 'EventBusName'], (input) => this.#enable(input, false)),
    };
  }

  /** Deploys a rule; one of the same name is replaced. */
  putRuleFromTemplate({ name, eventPattern, scheduleExpression, targets, state = 'ENABLED' }: RuleDefinition): string {
    if (scheduleExpression !== undefined) throw new NotModelled(`the schedule of rule ${name}`);
    const pattern = typeof eventPattern === 'string' ? eventPattern : JSON.stringify(eventPattern);
    if (pattern === undefined) throw new NotModelled(`rule ${name} without an event pattern`);
    if (pattern.length > PATTERN_CHARACTERS_MAX) throw invalid(`The event pattern of rule ${name} is too long.`);
    if (targets.length > TARGETS_MAX) throw invalid(`Rule ${name} has more than ${TARGETS_MAX} targets.`);
    for (const target of targets) checkRuleTarget(name, target);
    const matches = matcherOf(JSON.parse(pattern) as EventPattern);
    this.#rules.set(name, { name, pattern, matches, targets, isEnabled: state === 'ENABLED' });
    return this.#arn(name);
  }

  /** Puts an event of an AWS service on the bus; matching rules deliver it about a second later. */
  emit(occurrence: Occurrence): BusEvent {
    const { cloud, region, account } = this.#surroundings;
    const event: BusEvent = {
      version: '0',
      id: this.#uuid(),
      account,
      region,
      ...occurrence,
      time: occurrence.time ?? `${new Date(cloud.clock.now()).toISOString().slice(0, 19)}Z`,
      resources: occurrence.resources ?? [],
    };
    this.events.push(event);
    const rules = [...this.#rules.values()].filter(({ isEnabled, matches }) => isEnabled && matches(event));
    for (let copy = 1; copy <= this.deliveries; copy += 1) {
      cloud.clock.after(copy * DELIVERY_MS, () => {
        for (const rule of rules) for (const target of rule.targets) void this.#deliver(rule, target, event);
      });
    }
    return event;
  }

  async #deliver(rule: Rule, target: RuleTarget, event: BusEvent): Promise<void> {
    const { clock } = this.#surroundings.cloud;
    const outcome = await deliver(this.#surroundings, {
      targetArn: target.Arn,
      input: () => target.Input ?? JSON.stringify(event),
      arisenAt: clock.now(),
      retryPolicy: target.RetryPolicy ?? {},
    });
    if (outcome.kind === 'delivered') return;
    this.lost.push({ at: clock.now(), rule: rule.name, targetArn: target.Arn, event, reason: outcome.reason });
  }

  #put(entries: readonly PutEventsEntry[]): PutEventsResponse {
    if (entries.length < 1 || entries.length > ENTRIES_MAX) {
      throw invalid(`1 validation error detected: Value at 'entries' must have 1 to ${ENTRIES_MAX} members`);
    }
    const Entries = entries.map((entry) => this.#putEntry(entry));
    return { Entries, FailedEntryCount: Entries.filter(({ ErrorCode }) => ErrorCode !== undefined).length };
  }

  #putEntry(entry: PutEventsEntry): PutEventsResult {
    const {
      Source = '',
      DetailType = '',
      Detail = '',
      Resources = [],
      Time,
      EventBusName = 'default',
      ...rest
    } = entry;
    const [other] = Object.entries(rest).filter(([, value]) => value !== undefined);
    if (other !== undefined) throw new NotModelled(`${other[0]} of events`);
    if (EventBusName !== 'default') throw new NotModelled(`event bus ${EventBusName}`);
    const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => value === '');
    if (missing !== undefined)
      return failed(
        'InvalidArgument',
        `Parameter ${missing[0]} is not valid. Reason: ${missing[0]} is a required argument.`,
      );
    if (Source.startsWith('aws.'))
      return failed('NotAuthorizedForSourceException', `Not authorized for the source ${Source}.`);
    const detail = objectOf(Detail);
    if (detail === undefined) return failed('MalformedDetail', 'Detail is malformed.');
    const time = Time === undefined ? {} : { time: `${new Date(Time).toISOString().slice(0, 19)}Z` };
    return {
      EventId: this.emit({ source: Source, 'detail-type': DetailType, resources: Resources, detail, ...time }).id,
    };
  }

  #list({ NamePrefix = '', EventBusName, Limit = 100, NextToken }: ListRulesRequest): {
    Rules: RuleSummary[];
    NextToken?: string;
  } {
    checkBus(EventBusName);
    const rules = [...this.#rules.values()].filter(({ name }) => name.startsWith(NamePrefix));
    const from = Number(NextToken ?? 0);
    const until = from + Limit;
    return {
      Rules: rules.slice(from, until).map((rule) => this.#describe(rule)),
      ...(until < rules.length ? { NextToken: String(until) } : {}),
    };
  }

  #describe({ name, pattern, isEnabled }: Rule): RuleSummary {
    return {
      Name: name,
      Arn: this.#arn(name),
      EventPattern: pattern,
      State: isEnabled ? 'ENABLED' : 'DISABLED',
      EventBusName: 'default',
    };
  }

  #enable(input: RuleRequest, isEnabled: boolean): object {
    this.#find(input).isEnabled = isEnabled;
    return {};
  }

  #find({ Name = '', EventBusName }: RuleRequest): Rule {
    checkBus(EventBusName);
    const rule = this.#rules.get(Name);
    if (rule !== undefined) return rule;
    throw new AwsError('ResourceNotFoundException', `Rule ${Name} does not exist on EventBus default.`);
  }

  #arn(name: string): string {
    return `arn:aws:events:${this.#surroundings.region}:${this.#surroundings.account}:rule/${name}`;
  }
}

function checkRuleTarget(rule: string, target: RuleTarget): void {
  const other = Object.keys(target).find((member) => !TARGET_MEMBERS.includes(member));
  if (other !== undefined) throw new NotModelled(`${other} in a target of rule ${rule}`);
  checkTarget(target.Arn);
  if (target.Input !== undefined && parsed(target.Input) === undefined) {
    throw invalid(`JSON syntax error in input for target ${target.Id}.`);
  }
  if (target.Arn.startsWith('arn:aws:states:') && target.RoleArn === undefined) {
    throw invalid(`RoleArn is required for target ${target.Arn}.`);
  }
}

function checkBus(name = 'default'): void {
  if (name !== 'default') throw new NotModelled(`event bus ${name}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(text: string): object | undefined {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

function failed(ErrorCode: string, ErrorMessage: string): PutEventsResult {
  return { ErrorCode, ErrorMessage };
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
