import fc from 'fast-check';
import { printable } from '../../lib/domain/quoted.ts';

export const kinds = ['plans', 'inputs', 'events', 'items'] as const;
export type FuzzKind = (typeof kinds)[number];

/** Which inputs to try: `runs` of them from `seed` on, or one alone of these. */
export interface FuzzRuns {
  readonly seed: number;
  readonly runs: number;
  /** Number of the one input to repeat; counts from 0. */
  readonly only?: number;
}

/** What became of one input: taken, refused under a name, or a promise broken. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly name: string }
  | { readonly kind: 'broken'; readonly what: string };

/** One input that broke a promise, and how to see it again. */
export interface Broken {
  readonly what: string;
  readonly input: string;
  /** The command that repeats it. */
  readonly repeat: string;
}

/** The numbers of one kind of input. `refused` counts by the name of the refusal. */
export interface FuzzCount {
  readonly kind: FuzzKind;
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly broken: readonly Broken[];
}

/** Inputs are drawn in batches, each with a seed of its own, so that any of them can be drawn again without all before it. */
const batch = 250;
const brokenMax = 20;
const shownMax = 600;

/** Draws inputs and asks `judge` of each, one after the other. */
export async function tally<Input>(
  kind: FuzzKind,
  { seed, runs, only }: FuzzRuns,
  inputs: fc.Arbitrary<Input>,
  judge: (input: Input, index: number) => Verdict | Promise<Verdict>,
): Promise<FuzzCount> {
  const refused: Record<string, number> = {};
  const broken: Broken[] = [];
  let accepted = 0;
  let count = 0;
  for (const [index, input] of drawn(
    inputs,
    seed,
    only === undefined ? { from: 0, to: runs } : { from: only, to: only + 1 },
  )) {
    count += 1;
    const verdict = await judge(input, index);
    if (verdict.kind === 'accepted') accepted += 1;
    else if (verdict.kind === 'refused') refused[verdict.name] = (refused[verdict.name] ?? 0) + 1;
    else
      broken.push({
        what: printable(verdict.what, shownMax),
        input: printable(typeof input === 'string' ? input : (JSON.stringify(input) ?? 'undefined'), shownMax),
        repeat: `npm run fuzz -- --kind ${kind} --seed ${seed} --runs ${runs} --only ${index}`,
      });
    if (broken.length >= brokenMax) break;
  }
  return { kind, inputs: count, accepted, refused, broken };
}

/** The inputs from `from` until before `to`, with their numbers. */
export function* drawn<Input>(
  inputs: fc.Arbitrary<Input>,
  seed: number,
  { from, to }: { from: number; to: number },
): Generator<[number, Input]> {
  for (let first = from - (from % batch); first < to; first += batch) {
    const some = fc.sample(inputs, { seed: seed * 7_919 + first / batch, numRuns: batch });
    for (const [offset, input] of some.entries()) {
      const index = first + offset;
      if (index >= from && index < to) yield [index, input];
    }
  }
}
