import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Cost, costOf } from './cost.ts';
import { compareWays, type SideBySide } from './side-by-side.ts';
import type { VirtualNumbers, VirtualOrder } from './virtual.ts';

export interface TransferNumbers {
  readonly sideBySide: SideBySide;
  /** Where AWS takes so many blocks a second, untold. */
  readonly throttled?: readonly Paced[];
  /** Where a get takes 30 ms and a put 100 ms, and AWS takes 1,000 blocks a second. */
  readonly slow?: readonly Paced[];
  readonly cost?: Cost;
  /** The same 1,000 changed blocks in ever larger volumes, each written to its end. */
  readonly growth?: readonly VirtualNumbers[];
}

interface Paced extends VirtualNumbers {
  readonly limitPerSecond: number;
  readonly workers: number;
  readonly ofTheLimit: number;
}

const answerMs = { getMs: 30, putMs: 100, listMs: 350 };
const latencyMs = { getMs: 10, putMs: 30, listMs: 350 };

/** Part by part, the long ones last; each is said as soon as it is measured. */
export async function* transferNumbers(blocks: number, turns: number): AsyncGenerator<TransferNumbers> {
  const sideBySide = await compareWays(blocks, turns);
  let numbers: TransferNumbers = { sideBySide };
  yield numbers;
  const throttled: Paced[] = [];
  for (const [limit, workers, seconds] of [
    [100, 1, 60],
    [300, 3, 60],
    [1_000, 10, 40],
  ] as const) {
    throttled.push(await paced({ limit, workers, seconds, ms: latencyMs }));
    yield (numbers = { ...numbers, throttled });
  }
  const slow: Paced[] = [];
  for (const workers of [1, 3, 10]) {
    slow.push(await paced({ limit: 1_000, workers, seconds: 20, ms: answerMs }));
    yield (numbers = { ...numbers, slow });
  }
  const engine = sideBySide.best['engine'];
  if (engine !== undefined) yield (numbers = { ...numbers, cost: costOf(engine.cpuMsPerBlock, answerMs) });
  const growth: VirtualNumbers[] = [];
  for (const sizeGib of [1, 64, 1_024, 16_384]) {
    // Time with all workers; memory of one, as each is a process of its own.
    const order = { sizeGib, changed: 1_000, ...answerMs };
    const { peakRssMb } = await inVirtualTime({ ...order, workers: 1 });
    growth.push({ ...(await inVirtualTime({ ...order, workers: 10 })), peakRssMb });
    yield (numbers = { ...numbers, growth });
  }
}

interface Pacing {
  readonly limit: number;
  readonly workers: number;
  /** For so long that what is lost at the begin does not decide. */
  readonly seconds: number;
  readonly ms: typeof answerMs;
}

async function paced({ limit, workers, seconds, ms }: Pacing): Promise<Paced> {
  const changed = Math.min(limit, workers * 500) * seconds;
  const numbers = await inVirtualTime({ sizeGib: 64, changed, blocksPerSecond: limit, workers, ...ms });
  return { limitPerSecond: limit, workers, ofTheLimit: numbers.steadyPerSecond / limit, ...numbers };
}

async function inVirtualTime(order: VirtualOrder): Promise<VirtualNumbers> {
  const child = fork(join(import.meta.dirname, 'virtual.ts'));
  const answer = once(child, 'message');
  const broken = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)}`);
  });
  broken.catch(() => undefined);
  child.send(order);
  const [numbers] = (await Promise.race([answer, broken])) as [VirtualNumbers];
  return numbers;
}
