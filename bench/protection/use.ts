import type { Stage } from '../../rehearsal/stage.ts';

/** What a while of protection used in AWS. */
export interface Use {
  readonly hours: number;
  readonly points: number;
  /** Calls by service. */
  readonly calls: Readonly<Record<string, number>>;
  readonly invocations: number;
  /** From the first to the last call of each invocation, in all: what a step waits for by itself. */
  readonly waitedSeconds: number;
  readonly stateTransitions: number;
  readonly tableReads: { readonly items: number; readonly bytes: number };
  readonly tableWrites: number;
}

/** What a simulated cloud remembers of a whole day is some gigabytes, in which every look for garbage takes longer. */
function forget({ cloud, plan, states }: Stage): void {
  cloud.record.calls.splice(0);
  cloud.services(plan.recovery.region).lambda.invocations.splice(0);
  for (const { status, history } of states.executions) if (status !== 'RUNNING') history.splice(0);
}

/** Reads counters that the simulated cloud never resets: what was there before is taken off. */
export class Meter {
  readonly #stage: Stage;
  readonly #from: number;
  readonly #read: { readonly items: number; readonly bytes: number };
  readonly #written: number;

  constructor(stage: Stage) {
    const { dynamodb } = stage.cloud.services(stage.plan.recovery.region);
    this.#stage = stage;
    this.#from = stage.clock.now();
    this.#read = { ...dynamodb.read };
    this.#written = dynamodb.written;
    forget(stage);
  }

  use(): Use {
    const { cloud, clock, plan } = this.#stage;
    const { dynamodb } = cloud.services(plan.recovery.region);
    const ofSteps = cloud.record.calls.filter(({ role }) => role !== undefined);
    const calls = Map.groupBy(ofSteps, ({ service }) => service);
    const entered = this.#stage.states.executions
      .flatMap(({ history }) => history)
      .filter(({ type, at }) => type === 'StateEntered' && at >= this.#from);
    const ended = this.#stage
      .executions('protect')
      .filter(({ status, stoppedAt = 0 }) => status === 'SUCCEEDED' && stoppedAt >= this.#from);
    const times = Map.groupBy(ofSteps, ({ invocation }) => invocation);
    const waitedMs = [...times.values()].map((of) => (of.at(-1)?.at ?? 0) - (of[0]?.at ?? 0));
    return {
      hours: (clock.now() - this.#from) / 3_600_000,
      points: ended.length,
      calls: Object.fromEntries([...calls].map(([service, of]) => [service, of.length])),
      invocations: times.size,
      waitedSeconds: waitedMs.reduce((sum, ms) => sum + ms, 0) / 1_000,
      stateTransitions: entered.length,
      tableReads: {
        items: dynamodb.read.items - this.#read.items,
        bytes: dynamodb.read.bytes - this.#read.bytes,
      },
      tableWrites: dynamodb.written - this.#written,
    };
  }
}
