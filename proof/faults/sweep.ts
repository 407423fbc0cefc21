import type { Operation } from '../../lib/domain/catalogue.ts';
import { readOperations, readState, readTable } from '../checkers/table.ts';
import { Life } from '../life.ts';
import { shop, smallShop } from '../shop.ts';
import { type Case, type CleanRun, passing } from './cases.ts';
import { inject } from './inject.ts';
import { type Mode, modes } from './modes.ts';
import { keyOf, type Run } from './runs.ts';

/** What became of one run. */
export interface Verdict {
  /** As {@link keyOf} gives it. */
  readonly key: string;
  /** Keys of the cases that happened, and after which everything was as promised. */
  readonly perfect: readonly string[];
  /** Keys of the cases that did not happen, or came to nothing because something was broken. */
  readonly left: readonly string[];
  /** Rounds that were begun: an operation that succeeds may leave no ground for the next one. */
  readonly begun: number;
  /** What was not as promised; the run ended there. */
  readonly broken: readonly string[];
  readonly wallMs: number;
}

const seed = 5;

function openLife({ plan = shop }: Mode, assembly: string): Promise<Life> {
  return Life.open({ plan, world: smallShop, seed, assembly });
}

export function modeOf(name: string): Mode {
  const mode = modes.find((each) => each.name === name);
  if (mode === undefined)
    throw new Error(`There is no mode ${name}. Modes: ${modes.map((each) => each.name).join(', ')}.`);
  return mode;
}

/** Runs a mode with no fault and gives what it called. @throws Error when even that run breaks a promise */
export async function recordClean(mode: Mode, assembly: string): Promise<CleanRun> {
  const life = await openLife(mode, assembly);
  try {
    const { stage } = life;
    await mode.prepare(life);
    const { lambda, stepfunctions } = stage.cloud.services(shop.recovery.region);
    const from = { calls: stage.cloud.record.calls.length, invocations: lambda.invocations.length };
    const executionsBefore = stepfunctions.executions.length;
    await mode.act(life);
    const executions = stepfunctions.executions.slice(executionsBefore);
    const calls = stage.cloud.record.calls.slice(from.calls);
    const invocations = lambda.invocations.slice(from.invocations);
    await life.rest();
    mode.clear?.(life);
    const broken = [...(await judge(life, mode, [])), ...(await goOn(life))];
    if (broken.length > 0) throw new Error(`${mode.name} without any fault: ${broken.join('; ')}`);
    return { mode: mode.name, calls, invocations, executions };
  } finally {
    life.stage.close();
  }
}

/** Runs a mode in a world of its own, round after round, until the plan stands elsewhere than before or something is broken. */
export async function runCases(run: Run, assembly: string): Promise<Verdict> {
  const since = process.hrtime.bigint();
  const mode = modeOf(run.mode);
  const life = await openLife(mode, assembly);
  const perfect: string[] = [];
  const broken: string[] = [];
  let begun = 0;
  try {
    await mode.prepare(life);
    const before = await standing(life);
    for (const [index, cases] of run.rounds.entries()) {
      begun = index + 1;
      const met = await act(life, mode, cases);
      const hasMoved = (await standing(life)) !== before;
      const isEnd = index === run.rounds.length - 1 || mode.isOnce === true;
      const isLast = isEnd || (hasMoved && mode.again === undefined);
      if (isLast) mode.clear?.(life);
      broken.push(...(await judge(life, mode, cases)));
      if (isLast && broken.length === 0) broken.push(...(await goOn(life)));
      if (!isLast && hasMoved && broken.length === 0) broken.push(...(await goBack(life, mode, before)));
      if (mode.stays === true) life.write(1);
      if (broken.length > 0) break;
      perfect.push(...met);
      if (isLast) break;
    }
  } catch (error) {
    broken.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    life.stage.close();
  }
  const all = run.rounds.flat().map(({ key }) => key);
  const left = all.filter((key) => !perfect.includes(key));
  if (all.length === 1 && left.length === 1 && broken.length === 0) broken.push('the fault was not met');
  const wallMs = Number((process.hrtime.bigint() - since) / 1_000_000n);
  return { key: keyOf(run), perfect, left, begun, broken: [...new Set(broken)], wallMs };
}

/** One operation of the mode with all of the cases going wrong. Gives the keys of those that happened. */
async function act(life: Life, mode: Mode, cases: readonly Case[]): Promise<string[]> {
  const injected = cases.map((one) => ({ key: one.key, ...inject(life, one) }));
  await mode.act(life);
  await life.rest();
  const met = injected.filter(({ isMet }) => isMet());
  for (const { clear } of injected) clear();
  await undoAgain(life, mode);
  return met.map(({ key }) => key);
}

/** Servers whose keys are gone cannot be started again either: once the keys are back, a person asks for the undo that failed. What an accept left goes with the next one. */
async function undoAgain(life: Life, { kind, act: again }: Mode): Promise<void> {
  const operation = await lastOf(life, kind);
  if (operation?.outcome !== 'failed' || kind === 'protect') return;
  if (kind === 'accept') {
    await again(life);
    return life.rest();
  }
  await life.run(kind === 'drill' ? 'failover' : kind, { plan: shop.name, undo: operation.id });
  await life.rest();
}

async function standing(life: Life): Promise<string> {
  const state = await life.stage.clock.settle(readState(life.stage));
  return `${state?.phase} at ${state?.activeSite}`;
}

/** Everything rests, every promise holds, and the operation became what it had to. */
async function judge(life: Life, mode: Mode, cases: readonly Case[]): Promise<string[]> {
  await life.rest();
  const broken = await life.broken();
  const operation = await lastOf(life, mode.kind);
  const mustReachOutcome = cases.every(({ kind }) => passing.has(kind));
  if (mustReachOutcome && operation?.outcome !== mode.outcome)
    broken.push(`${mode.kind} ended ${operation?.outcome ?? 'never begun'}: ${operation?.cause ?? ''}`);
  return broken;
}

async function lastOf(life: Life, kind: string): Promise<Operation | undefined> {
  const operations = await life.stage.clock.settle(readOperations(life.stage));
  return operations
    .filter((each) => each.kind === kind)
    .toSorted((a, b) => a.epoch - b.epoch)
    .at(-1);
}

/** The next operation works, and every promise holds after it. */
async function goOn(life: Life): Promise<string[]> {
  life.write(1);
  const next = await nextOperation(life);
  await life.rest();
  return [...next, ...(await life.broken())];
}

/** The moment before is there again: the operations that lead to it work, and every promise holds after them. */
async function goBack(life: Life, mode: Mode, before: string): Promise<string[]> {
  await mode.again?.(life);
  const now = await standing(life);
  return [...(now === before ? [] : [`the plan is ${now}, not ${before} again`]), ...(await life.broken())];
}

/** What people would do next: look what going home takes where production is away, go home where that was undone; else protect, fail over, or drill. */
async function nextOperation(life: Life): Promise<string[]> {
  const { state, operations } = await life.stage.clock.settle(readTable(life.stage));
  const isAway = state?.activeSite === 'recovery';
  const isUndone = (of: string) => operations.some(({ kind, outcome }) => kind === of && outcome === 'rolled-back');
  const kind = isAway ? 'failback' : isUndone('failover') ? 'failover' : 'protect';
  const estimateOnly = isAway && !isUndone('failback');
  const isDrilled = kind === 'protect' && isUndone('drill');
  const more = { ...(estimateOnly ? { estimateOnly } : {}), ...(isDrilled ? { drill: true } : {}) };
  const { status, error, cause } = await life.run(isDrilled ? 'failover' : kind, { plan: shop.name, ...more });
  return status === 'SUCCEEDED' ? [] : [`the next operation, ${kind}, ended ${status}: ${error ?? ''} ${cause ?? ''}`];
}
