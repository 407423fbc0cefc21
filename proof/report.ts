import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Canaries } from './canaries/command.ts';
import type { Sweep } from './faults/command.ts';
import type { FuzzReport } from './fuzz/fuzz.ts';
import { keptNumbers } from './kept-numbers.ts';
import type { RightsReport } from './rights/report.ts';
import type { Soak } from './soak/command.ts';

/** Writes `docs/proof.md` from what the proof commands left in `--from`, one JSON file each; what was not run is said so. */
const { values } = parseArgs({ options: { from: { type: 'string', default: 'proof/numbers' } } });

function section<Numbers>(name: string, lines: (numbers: Numbers) => readonly string[]): readonly string[] {
  const kept = keptNumbers<Numbers>(join(values.from, `${name}.json`));
  return kept === undefined ? ['Not run.'] : [`At commit ${kept.commit}.`, '', ...lines(kept.numbers)];
}

function sweepLines(sweep: Sweep): string[] {
  const rows = Object.entries(sweep.modes).map(
    ([mode, { calls, sites, cases, perfect }]) => `| ${mode} | ${calls} | ${sites} | ${cases} | ${perfect} |`,
  );
  const kinds = Object.entries(sweep.kinds).map(([kind, count]) => `${kind} ${count}`);
  const minutes = (sweep.worldSeconds / 60).toFixed(0);
  return [
    '| Mode | Calls | Call sites | Cases | Perfect |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Kinds: ${kinds.join(', ')}.`,
    '',
    `${sweep.runs} worlds, ${sweep.secondsPerRun.toFixed(1)} s each, ${minutes} minutes of one core in all; ${sweep.broken} broken.`,
  ];
}

function canaryLines(numbers: Canaries): string[] {
  const caught = numbers.filter(({ caught }) => caught !== null);
  return [
    `${numbers.length} broken variants of the system, ${caught.length} caught.`,
    '',
    '| A system that … | was caught by |',
    '| --- | --- |',
    ...numbers.map(({ name, caught }) => `| ${name} | ${caught ?? 'nobody'} |`),
  ];
}

function soakLines(numbers: Soak): string[] {
  const { first, seeds, virtualHours, calls, wallSeconds, broken } = numbers;
  const years = (virtualHours / 8_766).toFixed(3);
  return [
    `${seeds} seeds from ${first}, ${virtualHours} virtual hours (${years} years), ${calls} calls, ${broken} broken; ${(wallSeconds / seeds).toFixed(1)} s each.`,
  ];
}

function fuzzLines(numbers: FuzzReport): string[] {
  return [
    '| Kind | Inputs | Accepted | Broke a promise |',
    '| --- | --- | --- | --- |',
    ...numbers.counts.map(
      ({ kind, inputs, accepted, broken }) => `| ${kind} | ${inputs} | ${accepted} | ${broken.length} |`,
    ),
  ];
}

function rightsLines(numbers: RightsReport): string[] {
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
  ...section<Sweep>('faults', sweepLines),
  '',
  '## Canaries: `npm run canaries`',
  '',
  ...section<Canaries>('canaries', canaryLines),
  '',
  '## Random disasters: `npm run soak`',
  '',
  ...section<Soak>('soak', soakLines),
  '',
  '## Rights: `npm run rights`',
  '',
  ...section<RightsReport>('rights', rightsLines),
  '',
  '## Bad input: `npm run fuzz`',
  '',
  ...section<FuzzReport>('fuzz', fuzzLines),
  '',
];
writeFileSync('docs/proof.md', page.join('\n'));
