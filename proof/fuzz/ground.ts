import type { StepName } from '../../lib/infra/step-names.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { RecordedCall } from '../../sim/call-record.ts';
import { AwsError, type Call, type Operation } from '../../sim/service.ts';
import { shop, smallShop } from '../shop.ts';
import { plantSecrets } from './canary.ts';
import { RawTable } from '../raw-table.ts';
import { functionOf } from './tamper.ts';

export interface GroundOptions {
  /** What `cdk synth` wrote for the shop. */
  readonly assembly: string;
  readonly seed: number;
  readonly prepare?: (stage: Stage) => void;
}

export type FuzzGround = Omit<GroundOptions, 'seed'>;

/** What became of one invocation of a step. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: Record<string, unknown> }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

/** An outcome, and the calls that the function made for it. */
export interface Invoked {
  readonly outcome: Outcome;
  readonly calls: readonly RecordedCall[];
  /** Lines that it logged. */
  readonly logged: readonly string[];
}

/**
 * The shop's stage on which nothing happens by itself: no schedule ticks, no rule fires. Steps are invoked one by one in the
 * deployed functions. While it is frozen, everything but the table refuses to be changed by them, so that what a step would do is
 * seen and not done.
 */
export class Ground {
  readonly stage: Stage;
  readonly table: RawTable;
  isFrozen = false;
  /** Tokens that calls carried while the ground was not frozen: the same token again makes nothing new. */
  readonly tokens = new Set<unknown>();

  private constructor(stage: Stage) {
    this.stage = stage;
    this.table = new RawTable(stage);
    const { faults, record } = stage.cloud;
    record.watch(({ input }) => {
      if (!this.isFrozen && input['ClientToken'] !== undefined) this.tokens.add(input['ClientToken']);
    });
    const around = faults.around.bind(faults);
    faults.around = (call, run, pause) => {
      if (this.isFrozen && call.role !== undefined && isChange(call))
        throw new AwsError('UnauthorizedOperation', `You are not authorized to perform ${call.operation}.`, 403);
      return around(call, run, pause);
    };
  }

  /** @param prepare breaks something that must be found */
  static async open({ assembly, seed, prepare = () => {} }: GroundOptions): Promise<Ground> {
    const stage = await Stage.open({ plan: shop, world: smallShop, seed, assembly });
    plantSecrets(stage);
    prepare(stage);
    await stage.clock.advance(1_000);
    const ground = new Ground(stage);
    ground.#quieten();
    return ground;
  }

  close(): void {
    this.stage.close();
  }

  /** Invokes a step's function and waits for its end. */
  async invoke(step: StepName, payload: unknown): Promise<Invoked> {
    const { record, clock } = { record: this.stage.cloud.record, clock: this.stage.clock };
    const { lambda } = this.stage.cloud.services(shop.recovery.region);
    const { name, role } = functionOf(this.stage, step);
    record.calls.length = 0;
    const logs = lambda.logs.length;
    const asked = lambda.invoke(name, payload).then(
      (value): Outcome => ({ kind: 'returned', value: (value ?? {}) as Record<string, unknown> }),
      (error: unknown): Outcome =>
        error instanceof Error
          ? { kind: 'failed', name: error.name, message: error.message }
          : { kind: 'failed', name: typeof error, message: String(error) },
    );
    const outcome = await clock.settle(asked);
    return {
      outcome,
      calls: record.calls.filter((call) => call.role === role),
      logged: lambda.logs.slice(logs).map(({ line }) => line),
    };
  }

  /** Invokes a step again and again until it is done. @throws Error when it fails */
  async until(step: StepName, payload: Record<string, unknown>): Promise<Record<string, unknown>> {
    let poll: unknown = { polls: 0 };
    for (;;) {
      const value = await this.value(step, { ...payload, poll });
      if (value.done === true) return value;
      poll = { polls: value.polls, since: value.since };
      await this.stage.clock.advance(Number(value.waitSeconds) * 1_000);
      if (Array.isArray(value.transfers) && value.transfers.length > 0) return value;
    }
  }

  /** What a step returns. @throws Error when it fails */
  async value(step: StepName, payload: unknown): Promise<Record<string, unknown>> {
    const { outcome } = await this.invoke(step, payload);
    if (outcome.kind === 'returned') return outcome.value;
    throw new Error(`${step} must work here: ${outcome.name}: ${outcome.message}`);
  }

  #quieten(): void {
    const { scheduler, eventbridge } = this.stage.cloud.services(shop.recovery.region);
    const { Schedules } = run<{ Schedules: { Name: string }[] }>(scheduler.operations.ListSchedules, {});
    for (const { Name } of Schedules) {
      const schedule = run<object>(scheduler.operations.GetSchedule, { Name });
      run(scheduler.operations.UpdateSchedule, { ...schedule, Name, State: 'DISABLED' });
    }
    const { Rules } = run<{ Rules: { Name: string }[] }>(eventbridge.operations.ListRules, {});
    for (const { Name } of Rules) run(eventbridge.operations.DisableRule, { Name });
  }
}

function run<Answer>(operation: Operation | undefined, input: object): Answer {
  return operation?.run(input as never, {} as Call) as Answer;
}

/** Whether a call changes something besides the table. Notices and probes change nothing. */
export function isChange({ service, operation }: Pick<Call, 'service' | 'operation'>): boolean {
  if (service === 'dynamodb') return false;
  return !/^(Describe|List|Get|Invoke$|Publish$)/.test(operation);
}
