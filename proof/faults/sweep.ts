import type { Operation } from '../../lib/domain/catalogue.ts';
import { readTable } from '../checkers/table.ts';
import { Life } from '../life.ts';
import { shop, smallShop } from '../shop.ts';
import { type Case, type CleanRun, passing } from './cases.ts';
import { inject } from './inject.ts';
import { type Mode, modes } from './modes.ts';

/** What became of one case; perfect when nothing is broken. */
export interface Verdict {
  readonly key: string;
  readonly broken: readonly string[];
  readonly wallMs: number;
}

const seed = 5;

function openLife(assembly: string): Promise<Life> {
  return Life.open({ plan: shop, world: smallShop, seed, assembly });
}

export function modeOf(name: string): Mode {
  const mode = modes.find((each) => each.name === name);
  if (mode === undefined)
    throw new Error(`There is no mode ${name}. Modes: ${modes.map((each) => each.name).join(', ')}.`);
  return mode;
}

/** Runs a mode with no fault and gives what it called. @throws Error when even that run breaks a promise */
export async function recordClean(mode: Mode, assembly: string): Promise<CleanRun> {
  const life = await openLife(assembly);
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
    const broken = await judge(life, mode, true);
    if (broken.length > 0) throw new Error(`${mode.name} without any fault: ${broken.join('; ')}`);
    return { mode: mode.name, calls, invocations, executions };
  } finally {
    life.stage.close();
  }
}

/** Runs a mode in a world of its own with one thing going wrong. */
export async function runCase(fault: Case, assembly: string): Promise<Verdict> {
  const begun = process.hrtime.bigint();
  const mode = modeOf(fault.mode);
  const life = await openLife(assembly);
  const broken: string[] = [];
  try {
    await mode.prepare(life);
    const injected = inject(life, fault);
    await mode.act(life);
    await life.rest();
    injected.clear();
    if (!injected.isMet()) broken.push('the fault was not met');
    broken.push(...(await judge(life, mode, passing.has(fault.kind))));
  } catch (error) {
    broken.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    life.stage.close();
  }
  return {
    key: fault.key,
    broken: [...new Set(broken)],
    wallMs: Number((process.hrtime.bigint() - begun) / 1_000_000n),
  };
}

/** Everything rests, every promise holds, the operation became what it had to, and the next operation works. */
async function judge(life: Life, mode: Mode, mustReachOutcome: boolean): Promise<string[]> {
  await life.rest();
  mode.clear?.(life);
  const broken = await life.broken();
  const operation = await lastOf(life, mode.kind);
  if (mustReachOutcome && operation?.outcome !== mode.outcome)
    broken.push(`${mode.kind} ended ${operation?.outcome ?? 'never begun'}: ${operation?.cause ?? ''}`);
  if (broken.length > 0) return broken;
  life.write(1);
  const next = await nextOperation(life);
  await life.rest();
  return [...next, ...(await life.broken())];
}

async function lastOf(life: Life, kind: string): Promise<Operation | undefined> {
  const { operations } = await life.stage.clock.settle(readTable(life.stage));
  return operations
    .filter((each) => each.kind === kind)
    .toSorted((a, b) => a.epoch - b.epoch)
    .at(-1);
}

/** What people would do next: look what going home takes where production is away, go home where that was undone; else protect, or fail over. */
async function nextOperation(life: Life): Promise<string[]> {
  const { state, operations } = await life.stage.clock.settle(readTable(life.stage));
  const isAway = state?.activeSite === 'recovery';
  const isUndone = (of: string) => operations.some(({ kind, outcome }) => kind === of && outcome === 'rolled-back');
  const kind = isAway ? 'failback' : isUndone('failover') ? 'failover' : 'protect';
  const estimateOnly = isAway && !isUndone('failback');
  const { status, error, cause } = await life.run(kind, { plan: shop.name, ...(estimateOnly ? { estimateOnly } : {}) });
  return status === 'SUCCEEDED' ? [] : [`the next operation, ${kind}, ended ${status}: ${error ?? ''} ${cause ?? ''}`];
}
