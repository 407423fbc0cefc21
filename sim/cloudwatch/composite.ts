import type { CompositeAlarm, PutCompositeAlarmInput, StateValue } from '@aws-sdk/client-cloudwatch';
import { AwsError, NotModelled, type Surroundings } from '../service.ts';
import { type AlarmState, compositeEventOf, type CompositeTransition, firstState } from './alarm-messages.ts';

/** What a composite alarm watches: it is on while so many of the alarms are. */
export interface CompositeSettings {
  readonly name: string;
  readonly description: string | undefined;
  /** As it was written. */
  readonly rule: string;
  readonly atLeast: number;
  /** ARNs. */
  readonly alarms: readonly string[];
}

interface Composite {
  readonly settings: CompositeSettings;
  readonly configuredAt: number;
  state: AlarmState;
}

/** Members of PutCompositeAlarm and properties of templates that are modelled. */
export const COMPOSITE_MEMBERS = [
  'AlarmName',
  'AlarmDescription',
  'AlarmRule',
  'Tags',
] as const satisfies readonly (keyof PutCompositeAlarmInput)[];

/** @source CloudWatch API reference, PutCompositeAlarm, AlarmRule: length, children */
const RULE_CHARACTERS_MAX = 10_240;
const CHILDREN_MAX = 100;
/** How long after a child has changed the rule is judged. AWS does not say. */
const JUDGED_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 60_000;

/** @source CloudWatch guide, Composite alarms, rule expressions (since November 2025); aws-cdk issue 37692: AT_LEAST(number, state, (alarms)) */
const AT_LEAST = /^AT_LEAST\((\d+), ALARM, \(("[^"]+"(?:, "[^"]+")*)\)\)$/;

/** The composite alarms of one Region. They follow metric alarms, a little later. */
export class CompositeAlarms {
  /** Every change of a state, oldest first. */
  readonly transitions: CompositeTransition[] = [];
  readonly #surroundings: Surroundings;
  readonly #composites = new Map<string, Composite>();
  /** State of a metric alarm by its ARN; `undefined` where there is none. */
  readonly #stateOf: (arn: string) => StateValue | undefined;

  constructor(surroundings: Surroundings, stateOf: (arn: string) => StateValue | undefined) {
    this.#surroundings = surroundings;
    this.#stateOf = stateOf;
  }

  /** @throws AwsError ValidationError @throws NotModelled for every rule but one AT_LEAST of alarms that are on */
  put(properties: PutCompositeAlarmInput): { arn: string; name: string } {
    const other = Object.keys(properties).find((name) => !COMPOSITE_MEMBERS.some((known) => known === name));
    if (other !== undefined) throw new NotModelled(`${other} of composite alarms`);
    const settings = settingsOf(properties);
    const unknown = settings.alarms.find((arn) => this.#stateOf(arn) === undefined);
    if (unknown !== undefined) throw invalid(`Could not save the composite alarm: alarm ${unknown} does not exist`);
    const { name } = settings;
    if (this.#composites.has(name)) throw new NotModelled('changing a composite alarm');
    const now = this.#surroundings.cloud.clock.now();
    const composite = { settings, configuredAt: now, state: firstState(now) };
    this.#composites.set(name, composite);
    this.#judgeSoon(composite);
    return { arn: this.#arn(name), name };
  }

  /** A metric alarm has changed its state. */
  follow(arn: string): void {
    for (const composite of this.#composites.values())
      if (composite.settings.alarms.includes(arn)) this.#judgeSoon(composite);
  }

  has(name: string): boolean {
    return this.#composites.has(name);
  }

  watches(arn: string): boolean {
    return [...this.#composites.values()].some(({ settings }) => settings.alarms.includes(arn));
  }

  #judgeSoon(composite: Composite): void {
    const { clock, random } = this.#surroundings.cloud;
    const judge = (): void => {
      if (this.#surroundings.cloud.faults.isSilent(this.#surroundings.region)) clock.after(LOOK_AGAIN_MS, judge);
      else this.#judge(composite);
    };
    const stream = `composite ${this.#surroundings.region} ${composite.settings.name}`;
    clock.after(1 + random.fork(stream).below(JUDGED_WITHIN_MS), judge);
  }

  /** Only a new one has insufficient data: whatever its children have, a rule is true or false. @source CloudWatch API reference, PutCompositeAlarm */
  #judge(composite: Composite): void {
    const { cloud, region, account } = this.#surroundings;
    const { settings, state: previous } = composite;
    const on = settings.alarms.filter((arn) => this.#stateOf(arn) === 'ALARM');
    const value = on.length >= settings.atLeast ? 'ALARM' : 'OK';
    if (value === previous.value) return;
    const now = cloud.clock.now();
    composite.state = {
      value,
      reason: `${this.#arn(settings.name)} transitioned to ${value}: ${on.length} of ${settings.alarms.length} alarms are in ALARM`,
      reasonData: JSON.stringify({ triggeringAlarms: on.map((arn) => ({ arn, state: { value: 'ALARM' } })) }),
      updatedAt: now,
      transitionedAt: now,
    };
    const transition = { arn: this.#arn(settings.name), account, region, settings, previous, state: composite.state };
    this.transitions.push(transition);
    cloud.services(region).eventbridge.emit(compositeEventOf(transition));
  }

  describe(matches: (name: string, state: StateValue) => boolean): CompositeAlarm[] {
    return [...this.#composites.values()]
      .filter(({ settings, state }) => matches(settings.name, state.value))
      .map(({ settings, configuredAt, state }) => ({
        AlarmName: settings.name,
        AlarmArn: this.#arn(settings.name),
        ...(settings.description === undefined ? {} : { AlarmDescription: settings.description }),
        AlarmConfigurationUpdatedTimestamp: new Date(configuredAt),
        AlarmRule: settings.rule,
        ActionsEnabled: true,
        StateValue: state.value,
        StateReason: state.reason,
        ...(state.reasonData === '' ? {} : { StateReasonData: state.reasonData }),
        StateUpdatedTimestamp: new Date(state.updatedAt),
        StateTransitionedTimestamp: new Date(state.transitionedAt),
      }));
  }

  #arn(name: string): string {
    return `arn:aws:cloudwatch:${this.#surroundings.region}:${this.#surroundings.account}:alarm:${name}`;
  }
}

function settingsOf({ AlarmName = '', AlarmDescription, AlarmRule: rule = '' }: PutCompositeAlarmInput) {
  if (AlarmName === '') throw invalid('AlarmName is required');
  if (rule.length > RULE_CHARACTERS_MAX) throw invalid(`AlarmRule must not exceed ${RULE_CHARACTERS_MAX} characters`);
  const [, count, quoted] = AT_LEAST.exec(rule) ?? [];
  if (quoted === undefined) throw new NotModelled(`the alarm rule ${rule}`);
  const alarms = quoted.split(', ').map((each) => each.slice(1, -1));
  const atLeast = Number(count);
  if (new Set(alarms).size !== alarms.length) throw invalid('AlarmRule must name each alarm once');
  if (alarms.length > CHILDREN_MAX) throw invalid(`AlarmRule must not name more than ${CHILDREN_MAX} alarms`);
  if (atLeast < 1 || atLeast > alarms.length) throw invalid(`AT_LEAST must be 1 to ${alarms.length}, not ${atLeast}`);
  return { name: AlarmName, description: AlarmDescription, rule, atLeast, alarms };
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
