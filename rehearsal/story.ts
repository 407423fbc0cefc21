import { followOperation, runOperation } from '../lib/cli/operations.ts';
import { describeFailure } from '../lib/domain/failure.ts';
import type { Execution, ExecutionEvent } from '../sim/stepfunctions/stepfunctions.ts';
import {
  type FailbackReport,
  type OperationReport,
  type FailoverReport,
  type PointReport,
  reportFailback,
  reportFailover,
  reportPoint,
} from './report.ts';
import type { MachineKind, Stage } from './stage.ts';
import type { World, WorldAction } from './world.ts';

/** Who watches a rehearsal: lines of what happened, and a call at every change. */
export interface Audience {
  say(at: Date, line: string): void;
  look(stage: Stage): void;
}

/** A time without service; `until` is `null` while it lasts. */
export interface Interruption {
  readonly from: string;
  until: string | null;
}

const sampleSeconds = 5;

/** A story that has not come to rest so long after its last event never will. */
const restSecondsMax = 24 * 3_600;

/** Plays a world's events on a stage, starts what a person would start, and notes what came of it. */
export class Story {
  readonly points = new Map<string, PointReport>();
  failover: FailoverReport | null = null;
  failback: FailbackReport | null = null;
  readonly operations: OperationReport[] = [];
  /** When users reached no server, by their DNS. */
  readonly interruptions: Interruption[] = [];
  readonly #stage: Stage;
  readonly #world: World;
  readonly #audience: Audience;
  readonly #failures: unknown[] = [];
  #pending = 0;
  #homeAt: number | undefined;
  readonly #restBefore: number;

  constructor(stage: Stage, world: World, audience: Audience) {
    this.#stage = stage;
    this.#world = world;
    this.#audience = audience;
    const last = Math.max(0, ...world.events.map((event) => event.atSeconds + event.everySeconds * (event.times - 1)));
    this.#restBefore = stage.clock.now() + (last + restSecondsMax) * 1_000;
  }

  /** Plays the story to its end: every event happened, every operation ended, and after a failback a new point is sealed. */
  async play(): Promise<void> {
    const { clock, states } = this.#stage;
    const unsubscribe = states.onEvent((execution, event) => this.#follow(execution, event));
    for (const { atSeconds, everySeconds, times, action } of this.#world.events) {
      for (let turn = 0; turn < times; turn += 1) {
        this.#pending += 1;
        clock.after((atSeconds + turn * everySeconds) * 1_000, () => {
          this.#pending -= 1;
          this.#act(action);
        });
      }
    }
    this.#sampleService();
    await clock.run(() => this.#isOver());
    unsubscribe();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Looks every few seconds whether users reach a server. */
  #sampleService(): void {
    const { clock, workload } = this.#stage;
    const now = new Date(clock.now()).toISOString();
    const isServed = workload.servingRegion() !== undefined;
    const open = this.interruptions.find(({ until }) => until === null);
    if (!isServed && open === undefined) this.interruptions.push({ from: now, until: null });
    if (isServed && open !== undefined) {
      open.until = now;
      this.#say(`users are served again, after ${Math.round((Date.parse(now) - Date.parse(open.from)) / 1_000)} s`);
    }
    clock.after(sampleSeconds * 1_000, () => this.#sampleService());
  }

  #isOver(): boolean {
    if (this.#failures.length > 0) return true;
    const { clock, states } = this.#stage;
    if (clock.now() > this.#restBefore)
      throw new Error(`The rehearsal did not come to rest within ${restSecondsMax / 3_600} hours of its last event.`);
    const isQuiet = this.#pending === 0 && states.executions.every(({ status }) => status !== 'RUNNING');
    const homeAt = this.#homeAt;
    return (
      isQuiet &&
      (homeAt === undefined || [...this.points.values()].some((point) => Date.parse(point.startedAt) > homeAt))
    );
  }

  #act(action: WorldAction): void {
    const { cloud, plan, workload } = this.#stage;
    const { region } = plan.primary;
    switch (action.kind) {
      case 'outage':
        cloud.faults.lose(region);
        this.#say(`${region} answers nothing any more`);
        break;
      case 'return':
        cloud.faults.restore(region);
        this.#say(`${region} answers again`);
        break;
      case 'failover':
        this.#operate('failover', { recoveryPoint: action.recoveryPoint });
        break;
      case 'failback':
        this.#operate('failback', {});
        break;
      case 'grow':
        if (workload.act(action)) this.#say(`${action.server} ${action.device} grows to ${action.toGib} GiB`);
        break;
      case 'discard':
        if (workload.act(action)) this.#say(`${action.server} ${action.device} frees ${action.blocks} blocks`);
        break;
      case 'write':
        workload.act(action);
        break;
    }
    this.#audience.look(this.#stage);
  }

  /** A person at the command line. */
  #operate(kind: 'failover' | 'failback', input: Readonly<Record<string, unknown>>): void {
    const console = this.#stage.console((line) => this.#say(`homeward ${kind}: ${line}`));
    this.#await(async () => {
      await runOperation(console, { kind, plan: this.#stage.plan, input });
    });
  }

  #follow(execution: Execution, event: ExecutionEvent): void {
    const kind = this.#stage.kindOf(execution);
    this.#audience.look(this.#stage);
    if (event.type === 'ExecutionStarted' && !execution.name.startsWith('cli-')) this.#watch(kind, execution);
    if (kind === undefined || !/^Execution(Succeeded|Failed|Aborted|Timeout)/.test(event.type)) return;
    this.#await(() => this.#note(kind, execution));
  }

  /** Tells the steps of an operation that nobody at the command line has started. */
  #watch(kind: MachineKind | undefined, { arn }: Execution): void {
    if (kind !== 'failover' && kind !== 'failback') return;
    const { plan } = this.#stage;
    const console = this.#stage.console((line) => this.#say(`${kind}: ${line}`));
    this.#await(async () => {
      await followOperation(console, { kind, plan, execution: arn });
    });
  }

  async #note(kind: MachineKind, { name, status, error, cause }: Execution): Promise<void> {
    const { catalogue, plan } = this.#stage;
    if (kind !== 'protect')
      this.operations.push({ kind, status, cause: error === undefined ? null : describeFailure(error, cause) });
    const operation = await catalogue.operation(plan.name, `${kind}-${name}`);
    if (operation === undefined) return;
    if (kind === 'protect') {
      for (const point of await catalogue.points(plan.name)) {
        if (point.status !== 'available' || this.points.has(point.id)) continue;
        const reported = reportPoint(point);
        this.points.set(point.id, reported);
        this.#say(`recovery point ${point.id} sealed, ${Math.round(reported.rpoSeconds)} s after its start`);
      }
      const isPreempted = operation.cause?.startsWith('StaleEpoch') === true;
      if (isPreempted) this.#say('a protect run gave way to the failover');
      else if (operation.outcome !== 'succeeded') this.#say(`protect ${operation.outcome}: ${operation.cause ?? ''}`);
      return;
    }
    if (operation.extent !== undefined) return;
    if (kind === 'failover') this.failover = reportFailover(this.#stage, operation);
    else this.failback = await reportFailback(this.#stage, operation);
    if (kind === 'failback' && operation.committedAt !== null) this.#homeAt = this.#stage.clock.now();
  }

  #await(work: () => Promise<void>): void {
    this.#pending += 1;
    work()
      .catch((error: unknown) => this.#failures.push(error))
      .finally(() => {
        this.#pending -= 1;
      });
  }

  #say(line: string): void {
    this.#audience.say(new Date(this.#stage.clock.now()), line);
  }
}
