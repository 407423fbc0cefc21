import { type MachineKind, Stage, type StageOptions } from '../rehearsal/stage.ts';
import type { Execution } from '../sim/stepfunctions/stepfunctions.ts';
import { checkers } from './checkers/all.ts';
import type { AtRest } from './checkers/checker.ts';
import { readTable } from './checkers/table.ts';

/** Virtual time after the last execution in which servers boot, rescues begin and answers of DNS arrive. */
const settleMs = 150_000;
const restTurnsMax = 30;
/** Between two looks of a step. */
const longestPauseMs = 60_000;

/** A deployed plan with every checker watching it. Close its stage when done. */
export class Life {
  readonly stage: Stage;
  readonly #judges: readonly { name: string; judge: (rest: AtRest) => string[] | Promise<string[]> }[];

  private constructor(stage: Stage) {
    this.stage = stage;
    this.#judges = checkers.map(({ name, attach }) => ({ name, judge: attach(stage) }));
  }

  static async open(options: StageOptions): Promise<Life> {
    return new Life(await Stage.open(options));
  }

  /** Starts an operation between the runs of the schedule, and lets time pass until it has ended. */
  run(kind: MachineKind, input?: unknown): Promise<Execution> {
    return this.stage.runUnskipped(kind, input);
  }

  /** Starts an operation, with somebody who says `proceed` whenever it waits for an answer, until it has ended. */
  async runAnswered(kind: 'failover' | 'failback'): Promise<void> {
    const { stage } = this;
    const execution = stage.start(kind);
    const isWaiting = () =>
      /^Ask in .*: wait$/.test(execution.history.findLast(({ type }) => type === 'StateEntered')?.state?.name ?? '');
    for (;;) {
      await stage.clock.run(() => execution.status !== 'RUNNING' || isWaiting());
      if (execution.status !== 'RUNNING') return;
      await stage.run(kind, { plan: stage.plan.name, answer: 'proceed', because: 'it was looked at' });
      await stage.clock.advance(longestPauseMs);
    }
  }

  /** Every server of the plan that serves writes some blocks. */
  write(blocks: number): void {
    for (const [server, volumes] of this.#volumes())
      for (const device of volumes) this.stage.workload.act({ kind: 'write', server, device, blocks });
  }

  #volumes(): [string, readonly string[]][] {
    const { cloud, plan, workload } = this.stage;
    const devicesIn = (region: string, server: string) => [
      ...cloud
        .services(region)
        .ec2.volumesOf(workload.instanceIn(region, server) ?? '')
        .keys(),
    ];
    return Object.keys(plan.servers).map((server) => {
      const atHome = devicesIn(plan.primary.region, server);
      // One that is gone at home has its volumes where it serves.
      return [server, atHome.length > 0 ? atHome : devicesIn(plan.recovery.region, server)];
    });
  }

  /** Lets time pass until nothing runs, and everything has settled that was begun; no schedule begins anything meanwhile. */
  async rest(): Promise<void> {
    const { cloud, plan } = this.stage;
    const { scheduler } = cloud.services(plan.recovery.region);
    scheduler.isHeld = true;
    try {
      await this.#settle();
    } finally {
      scheduler.isHeld = false;
    }
  }

  async #settle(): Promise<void> {
    const { clock, states } = this.stage;
    const isQuiet = () => states.executions.every(({ status }) => status !== 'RUNNING');
    for (let turn = 0; turn < restTurnsMax; turn += 1) {
      await clock.run(isQuiet);
      const before = states.executions.length;
      await clock.advance(settleMs);
      if (isQuiet() && states.executions.length === before) return;
    }
  }

  /** What every checker found, once everything rests. */
  async broken(): Promise<string[]> {
    const { clock } = this.stage;
    const rest = { stage: this.stage, table: await clock.settle(readTable(this.stage)) };
    const found: string[] = [];
    for (const { judge } of this.#judges) found.push(...(await clock.settle(Promise.resolve(judge(rest)))));
    return found;
  }
}
