import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Sweep } from './faults/command.ts';

/** Writes `docs/proof.md` from what the proof commands left in `--from`, one JSON file each; what was not run is said so. */
const { values } = parseArgs({ options: { from: { type: 'string', default: 'proof/numbers' } } });

interface Soak {
  readonly first: number;
  readonly seeds: number;
  readonly virtualHours: number;
  readonly calls: number;
  readonly broken: number;
}

function numbersOf<Numbers>(name: string): Numbers | undefined {
  const file = join(values.from, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Numbers) : undefined;
}

const notRun = 'Not run.';

function sweepLines(sweep: Sweep | undefined): string[] {
  if (sweep === undefined) return [notRun];
  const rows = Object.entries(sweep.modes).map(
    ([mode, { calls, sites, cases }]) => `| ${mode} | ${calls} | ${sites} | ${cases} |`,
  );
  const kinds = Object.entries(sweep.kinds).map(([kind, count]) => `${kind} ${count}`);
  return [
    '| Mode | Calls | Call sites | Runs |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `${sweep.runs} runs, ${sweep.perfect} perfect, ${sweep.secondsPerRun.toFixed(1)} s each. Kinds: ${kinds.join(', ')}.`,
  ];
}

function canaryLines(numbers: { canaries: number; caught: number } | undefined): string[] {
  return [
    numbers === undefined ? notRun : `${numbers.canaries} broken variants of the system, ${numbers.caught} caught.`,
  ];
}

function soakLines(numbers: Soak | undefined): string[] {
  if (numbers === undefined) return [notRun];
  const { first, seeds, virtualHours, calls, broken } = numbers;
  const years = (virtualHours / 8_766).toFixed(3);
  return [
    `${seeds} seeds from ${first}, ${virtualHours} virtual hours (${years} years), ${calls} calls, ${broken} broken.`,
  ];
}

interface Fuzz {
  readonly seed: number;
  readonly counts: readonly { kind: string; inputs: number; accepted: number; broken: readonly unknown[] }[];
}

function fuzzLines(numbers: Fuzz | undefined): string[] {
  if (numbers === undefined) return [notRun];
  return [
    '| Kind | Inputs | Accepted | Broke a promise |',
    '| --- | --- | --- | --- |',
    ...numbers.counts.map(
      ({ kind, inputs, accepted, broken }) => `| ${kind} | ${inputs} | ${accepted} | ${broken.length} |`,
    ),
  ];
}

interface Rights {
  readonly calls: number;
  readonly requests: number;
  readonly roles: number;
  readonly grants: number;
  readonly unusedWithReason: number;
  readonly canaries: { readonly withoutAction: number; readonly withOneWrong: number; readonly caught: number };
  readonly unallowed: readonly string[];
}

function rightsLines(numbers: Rights | undefined): string[] {
  if (numbers === undefined) return [notRun];
  const { calls, requests, roles, grants, unusedWithReason, canaries, unallowed } = numbers;
  return [
    `${calls} calls, ${requests} distinct requests of ${roles} roles: ${unallowed.length} not allowed. ${grants} granted actions, ${unusedWithReason} unused with a reason.`,
    `${canaries.withoutAction + canaries.withOneWrong} wrong policies, ${canaries.caught} caught.`,
  ];
}

const page = [
  '# Proof',
  '',
  'What tried to break the promises of [the specification](spec.md), and what came of it. Written by `npm run proof:report` from the',
  'numbers of the commands named here; nobody edits it.',
  '',
  '## Every fault at every call: `npm run faults`',
  '',
  ...sweepLines(numbersOf<Sweep>('faults')),
  '',
  '## Canaries: `npm run canaries`',
  '',
  ...canaryLines(numbersOf('canaries')),
  '',
  '## Random disasters: `npm run soak`',
  '',
  ...soakLines(numbersOf<Soak>('soak')),
  '',
  '## Rights: `npm run rights`',
  '',
  ...rightsLines(numbersOf<Rights>('rights')),
  '',
  '## Bad input: `npm run fuzz`',
  '',
  ...fuzzLines(numbersOf<Fuzz>('fuzz')),
  '',
];
writeFileSync('docs/proof.md', page.join('\n'));
