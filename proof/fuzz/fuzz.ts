import { fuzzEvents } from './events.ts';
import { fuzzInputs } from './inputs.ts';
import { fuzzItems } from './items.ts';
import { fuzzPlans } from './plans.ts';
import { findSecrets, type SecretsCount } from './secrets.ts';
import type { FuzzCount, FuzzKind, FuzzRuns } from './tally.ts';

export interface FuzzReport {
  readonly seed: number;
  readonly counts: readonly FuzzCount[];
  readonly secrets: SecretsCount;
}

const fuzzers: Record<FuzzKind, (runs: FuzzRuns, assembly: string) => Promise<FuzzCount>> = {
  plans: (runs) => fuzzPlans(runs),
  inputs: (runs, assembly) => fuzzInputs(runs, { assembly }),
  events: (runs, assembly) => fuzzEvents(runs, { assembly }),
  items: (runs, assembly) => fuzzItems(runs, { assembly }),
};

/**
 * Bad input of the given kinds, and a life in search of secrets: the numbers, and everything that broke a promise.
 * @param assembly what `synthesize` wrote for the shop
 */
export async function fuzz(wanted: readonly FuzzKind[], runs: FuzzRuns, assembly: string): Promise<FuzzReport> {
  const counts: FuzzCount[] = [];
  for (const kind of wanted) counts.push(await fuzzers[kind](runs, assembly));
  return { seed: runs.seed, counts, secrets: await findSecrets({ assembly, seed: runs.seed }) };
}

/** Whether nothing broke a promise, and the secrets went where they belong and nowhere else. */
export function isKept({ counts, secrets }: FuzzReport): boolean {
  return counts.every(({ broken }) => broken.length === 0) && secrets.leaks.length === 0 && secrets.carried > 0;
}

/** The numbers for a person, one kind after the other. */
export function linesOf({ seed, counts, secrets }: FuzzReport): string[] {
  return [
    `seed ${seed}`,
    ...counts.flatMap(({ kind, inputs, accepted, refused, broken }) => [
      `${kind}: ${inputs} inputs, ${accepted} accepted, ${broken.length} broke a promise`,
      ...Object.entries(refused)
        .toSorted(([, one], [, other]) => other - one)
        .map(([name, count]) => `  ${String(count).padStart(6)} ${name}`),
      ...broken.flatMap(({ what, input, repeat }) => [`  BROKEN: ${what}`, `    by ${input}`, `    again: ${repeat}`]),
    ]),
    `secrets: ${secrets.lines} texts read of a whole life, ${secrets.carried} servers launched with their user data, ${secrets.leaks.length} secrets told`,
    ...secrets.leaks.map((leak) => `  BROKEN: ${leak}`),
  ];
}
