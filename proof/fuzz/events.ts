import fc from 'fast-check';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { shop } from '../shop.ts';
import { broken, complaintOf } from './examine.ts';
import { type FuzzGround, Ground, isChange } from './ground.ts';
import { executionOf, open, protect } from './life.ts';
import { mutationsOf } from './mutate.ts';
import { nameOf, type RawItem } from '../raw-table.ts';
import { isBlock } from './right-inputs.ts';
import { type FuzzCount, type FuzzRuns, tally, type Verdict } from './tally.ts';

type Scene = (typeof scenes)[number];

/** What is true while an event arrives: the alarm on or off; nobody, an execution that has ended, or one that runs has the plan. */
const scenes = ['alarm off', 'alarm on', 'nobody', 'ended', 'running'] as const;

interface Arriving {
  readonly scene: Scene;
  readonly event: unknown;
}

/**
 * Events as they should not arrive. Nothing but the alarm of a plan that is on starts a failover, and nothing but the end of the
 * execution that has the plan takes its operation back.
 */
export async function fuzzEvents(runs: FuzzRuns, options: FuzzGround): Promise<FuzzCount> {
  const ground = await Ground.open({ ...options, seed: runs.seed });
  try {
    await protect(ground);
    const arrivals = await Arrivals.of(ground);
    return await tally('events', runs, arrivals.events(), (each) => arrivals.judge(each));
  } finally {
    ground.close();
  }
}

class Arrivals {
  readonly #ground: Ground;
  readonly #alarm: string;
  readonly #running: Execution;
  readonly #free: RawItem;
  readonly #held: RawItem;
  readonly #before: Map<string, RawItem>;

  private constructor(
    ground: Ground,
    of: { alarm: string; running: Execution; free: RawItem; held: RawItem; items: readonly RawItem[] },
  ) {
    this.#ground = ground;
    this.#alarm = of.alarm;
    this.#running = of.running;
    this.#free = of.free;
    this.#held = of.held;
    this.#before = new Map(of.items.map((item) => [nameOf(item), item]));
  }

  /** The primary Region is silent, so that the heartbeat has stopped; from here on nothing can be started. */
  static async of(ground: Ground): Promise<Arrivals> {
    const { stage, table } = ground;
    const running = await stage.run('failover', { plan: 'nobody' });
    const stateNow = async () => (await stage.clock.settle(table.items())).find(({ sk }) => sk === 'STATE');
    const free = await stateNow();
    await open(ground, 'failover');
    const held = await stateNow();
    const items = await stage.clock.settle(table.items());
    stage.cloud.faults.lose(shop.primary.region);
    await stage.clock.advance(600_000);
    running.status = 'RUNNING';
    ground.isFrozen = true;
    const { transitions } = stage.cloud.services(shop.recovery.region).cloudwatch;
    const transition = transitions.find(({ settings }) => settings.metric.name === 'Heartbeat');
    if (transition === undefined || free === undefined || held === undefined)
      throw new Error('the alarm must have gone on');
    return new Arrivals(ground, { alarm: transition.settings.name, running, free, held, items });
  }

  events(): fc.Arbitrary<Arriving> {
    return fc.oneof(
      ...scenes.map((scene) => mutationsOf(this.#real(scene)).map((event): Arriving => ({ scene, event }))),
    );
  }

  #real(scene: Scene): Record<string, unknown> {
    const envelope = {
      version: '0',
      id: 'e-1',
      account: '123456789012',
      time: '2026-01-05T10:00:00Z',
      region: shop.recovery.region,
    };
    if (scene === 'alarm on' || scene === 'alarm off') {
      const reason = { reason: 'no datapoints were received', timestamp: '2026-01-05T10:00:00.000+0000' };
      const detail = {
        alarmName: this.#alarm,
        state: { value: 'ALARM', ...reason },
        previousState: { value: 'OK', ...reason },
        configuration: { metrics: [{ id: 'm1', metricStat: { period: 60, stat: 'SampleCount' } }] },
      };
      return {
        ...envelope,
        source: 'aws.cloudwatch',
        'detail-type': 'CloudWatch Alarm State Change',
        resources: [],
        detail,
      };
    }
    const detail = {
      executionArn: this.#holder(scene),
      status: 'ABORTED',
      name: 'x',
      startDate: 1,
      stopDate: 2,
      input: '{}',
    };
    return {
      ...envelope,
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [],
      detail,
    };
  }

  #holder(scene: Scene): string {
    return scene === 'running' ? this.#running.arn : executionOf('ended');
  }

  async judge({ scene, event }: Arriving): Promise<Verdict> {
    const { stage, table } = this.#ground;
    await stage.clock.settle(this.#set(scene));
    const isAlarm = scene === 'alarm on' || scene === 'alarm off';
    const invoked = await this.#ground.invoke(isAlarm ? 'failover/guard' : 'operation/rescue', event);
    await stage.clock.settle(table.restore(this.#before, invoked.calls));
    const complaint = complaintOf(invoked);
    if (complaint !== undefined) return broken(complaint);
    const changes = invoked.calls
      .filter(isChange)
      .map(({ operation, input }) => `${operation} ${JSON.stringify(input)}`);
    const may = this.#mayStart(scene, event);
    if (changes.length > 0 && !may) return broken(`it starts something: ${changes.join(', ')}`);
    if (changes.length === 0 && may) return broken('a genuine event is ignored');
    if (changes.some((change) => !change.startsWith('StartExecution '))) return broken(`it does ${changes.join(', ')}`);
    const writes = invoked.calls.filter(({ operation }) => /^(Update|Put|Delete)Item$/.test(operation));
    if (writes.length > 0 && !may) return broken('it writes to the table');
    if (may) return { kind: 'accepted' };
    return {
      kind: 'refused',
      name: invoked.outcome.kind === 'failed' ? invoked.outcome.name : 'ignored, with a reason',
    };
  }

  async #set(scene: Scene): Promise<void> {
    const { table, stage } = this.#ground;
    const { cloudwatch } = stage.cloud.services(shop.recovery.region);
    const lease = { ...(this.#held['lease'] as object), execution: this.#holder(scene) };
    const state = scene === 'ended' || scene === 'running' ? { ...this.#held, lease } : this.#free;
    this.#before.set(nameOf(state), state);
    await table.put(state);
    const value = scene === 'alarm off' ? 'OK' : 'ALARM';
    await cloudwatch.operations['SetAlarmState']?.run(
      { AlarmName: this.#alarm, StateValue: value, StateReason: scene } as never,
      {} as never,
    );
  }

  /** Judged by the event's own words, apart from the schemas of the steps. */
  #mayStart(scene: Scene, event: unknown): boolean {
    if (!isBlock(event) || !isBlock(event['detail'])) return false;
    const { detail } = event;
    if (scene === 'alarm on')
      return (
        event['detail-type'] === 'CloudWatch Alarm State Change' &&
        detail['alarmName'] === this.#alarm &&
        isBlock(detail['state']) &&
        detail['state']['value'] === 'ALARM' &&
        isBlock(detail['previousState']) &&
        detail['previousState']['value'] === 'OK'
      );
    return (
      scene === 'ended' &&
      event['detail-type'] === 'Step Functions Execution Status Change' &&
      detail['executionArn'] === this.#holder(scene) &&
      ['ABORTED', 'TIMED_OUT', 'FAILED'].includes(String(detail['status'])) &&
      typeof detail['status'] === 'string'
    );
  }
}
