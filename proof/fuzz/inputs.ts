import fc from 'fast-check';
import type { MachineKind } from '../../rehearsal/stage.ts';
import { newOperation } from '../../lib/domain/new-items.ts';
import { secretInput } from './canary.ts';
import { broken, complaintOf } from './examine.ts';
import { type FuzzGround, Ground, isChange } from './ground.ts';
import { protect } from './life.ts';
import { mutationsOf } from './mutate.ts';
import { nameOf, type RawItem } from '../raw-table.ts';
import { isBlock, isVetoed, wrongMembers } from './right-inputs.ts';
import { type FuzzCount, type FuzzRuns, tally, type Verdict } from './tally.ts';

interface Typed {
  readonly kind: MachineKind;
  readonly input: unknown;
}

/** One of so many inputs that are wrong goes through a whole execution. */
const executedEvery = 33;
const execution = 'arn:aws:states:eu-central-1:123456789012:execution:console:1';
/** What a right input may still meet on this ground. */
const lawful = ['UnknownRecoveryPoint', 'RecoveryPointNotAvailable', 'WrongPhase', 'OperationAlreadyRunning'];

/**
 * What people type into the console, as nobody should: it opens an operation, or is refused by a name and the field, with nothing
 * changed and nothing locked (I12).
 */
export async function fuzzInputs(runs: FuzzRuns, options: FuzzGround): Promise<FuzzCount> {
  const ground = await Ground.open({ ...options, seed: runs.seed });
  try {
    const point = await protect(ground);
    await protect(ground);
    const scene = await Scene.of(ground);
    return await tally('inputs', runs, typed(point), (each, index) => scene.judge(each, index));
  } finally {
    ground.close();
  }
}

/** Right inputs of each operation, and what becomes of them under somebody's fingers. */
function typed(point: string): fc.Arbitrary<Typed> {
  const right: Record<MachineKind, readonly object[]> = {
    protect: [{ plan: 'shop' }, { plan: 'shop', scheduledFor: '2026-01-05T10:00:00Z' }],
    failover: [
      { plan: 'shop' },
      { plan: 'shop', recoveryPoint: point },
      { plan: 'shop', recoveryPoint: { asOf: '2026-01-05T10:00:00Z' } },
      { plan: 'shop', recoveryPoint: 'latest', dryRun: true, trigger: 'cli' },
      { plan: 'shop', servers: { db: { recoveryPoint: point } } },
      { plan: 'shop', planned: true },
      { plan: 'shop', automatic: 'off' },
      { plan: 'shop', answer: 'proceed', because: 'forensics are done' },
      { plan: 'shop', alarm: { name: 'heartbeat', cancelUntil: '2026-01-05T10:00:00Z' } },
      { plan: 'shop', undo: 'failover-1' },
      { plan: 'shop', drill: true, recoveryPoint: point },
      { plan: 'shop', undo: 'drill-1' },
    ],
    failback: [
      { plan: 'shop' },
      { plan: 'shop', estimateOnly: true, trigger: 'cli' },
      { plan: 'shop', fenceOnly: true },
      { plan: 'shop', newServers: ['db', 'web'] },
      { plan: 'shop', answer: 'undo' },
      { plan: 'shop', undo: 'failback-1' },
      { plan: 'shop', accept: true, unreplicatedBlocks: 17, trigger: 'cli' },
      { plan: 'shop', accept: true, dryRun: true },
    ],
  };
  return fc.oneof(
    ...(Object.keys(right) as MachineKind[]).map((kind) =>
      fc.record({ input: fc.oneof(...right[kind].map(mutationsOf)), isSecret: fc.nat(9) }).map(
        ({ input, isSecret }): Typed => ({
          kind,
          input: isSecret === 0 && isBlock(input) ? { ...input, password: secretInput } : input,
        }),
      ),
    ),
  );
}

/** A plan at rest with two points, at home or, for failbacks, away. */
class Scene {
  readonly #ground: Ground;
  readonly #home: RawItem;
  readonly #away: RawItem;
  readonly #before: Map<string, RawItem>;

  private constructor(ground: Ground, items: readonly RawItem[], away: RawItem) {
    this.#ground = ground;
    this.#before = new Map(items.map((item) => [nameOf(item), item]));
    this.#home = this.#before.get('PLAN#shop / STATE') ?? away;
    this.#away = away;
  }

  static async of(ground: Ground): Promise<Scene> {
    const { table, stage } = ground;
    const startedAt = new Date(stage.clock.now()).toISOString();
    const failover = {
      plan: 'shop',
      id: 'failover-1',
      kind: 'failover',
      epoch: 1,
      trigger: 'console',
      recoveryPoint: null,
      startedAt,
    } as const;
    await stage.clock.settle(table.put({ pk: 'PLAN#shop', sk: 'OP#failover-1', ...newOperation(failover) }));
    const items = await stage.clock.settle(table.items());
    const state = items.find(({ sk }) => sk === 'STATE');
    if (state === undefined) throw new Error('the plan must have a state');
    return new Scene(ground, items, { ...state, phase: 'recovered', activeSite: 'recovery', failover: 'failover-1' });
  }

  async judge({ kind, input }: Typed, index: number): Promise<Verdict> {
    const { stage, table } = this.#ground;
    const state = kind === 'failback' ? this.#away : this.#home;
    this.#before.set(nameOf(state), state);
    await stage.clock.settle(table.put(state));
    const invoked = await this.#ground.invoke(`${kind}/open`, { input, execution });
    await stage.clock.settle(table.restore(this.#before, invoked.calls));
    const complaint = complaintOf(invoked);
    if (complaint !== undefined) return broken(complaint);
    // That a tick came is published, whatever becomes of it.
    if (invoked.calls.some((call) => isChange(call) && call.operation !== 'PutMetricData'))
      return broken('opening changed something besides the table');
    const wrong = wrongMembers(kind, input);
    const { outcome, calls } = invoked;
    if (outcome.kind === 'returned')
      return wrong.length === 0 ? { kind: 'accepted' } : broken(`it opens, though ${wrong.join(', ')} is wrong`);
    const writes = calls.filter(({ operation }) => /^(Update|Put|Delete)Item$/.test(operation));
    if (writes.length > 0) return broken(`it is refused as ${outcome.name} after a write to the table`);
    const complaintOfName = this.#nameComplaint(outcome, wrong, input);
    if (complaintOfName !== undefined) return broken(complaintOfName);
    if (wrong.length > 0 && index % executedEvery === 0 && !isVetoed(input))
      return this.#execute({ kind, input }, outcome.name);
    return { kind: 'refused', name: outcome.name };
  }

  #nameComplaint(
    { name, message }: { name: string; message: string },
    wrong: readonly string[],
    input: unknown,
  ): string | undefined {
    const plan = isBlock(input) ? input['plan'] : undefined;
    if (wrong.length === 0) {
      const isRight = plan === 'shop' ? lawful.includes(name) : name === 'UnknownPlan';
      return isRight ? undefined : `a right input is refused as ${name}: ${message}`;
    }
    if (name !== 'InvalidInput') return `${wrong.join(', ')} is wrong, and it is refused as ${name}: ${message}`;
    const namable = wrong.filter((field) => /^\w{1,60}$/.test(field));
    const isNamed =
      namable.length < wrong.length ||
      namable.some((field) => message.includes(`${field}: `) || message.includes(`${field}.`));
    return isNamed ? undefined : `${wrong.join(', ')} is wrong, and the message does not say so: ${message}`;
  }

  /** The same through the state machine: it ends at its first state, under the same name. */
  async #execute({ kind, input }: Typed, name: string): Promise<Verdict> {
    const { stage } = this.#ground;
    stage.cloud.record.calls.length = 0;
    const { status, error, history } = await stage.run(kind, input);
    const isOfVeto = (state = '') => /^(May be called off\?|Veto.*)$/.test(state);
    const all = history.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);
    const entered = all.filter((state) => !isOfVeto(state));
    const changes = stage.cloud.record.calls.filter((call) => isChange(call) || call.operation === 'UpdateItem');
    if (status !== 'FAILED' || error !== name || entered.join() !== 'Open' || changes.length > 0)
      return broken(
        `its execution ends ${status} ${error ?? ''} after ${entered.join()} with ${changes.length} changes`,
      );
    return { kind: 'refused', name };
  }
}
