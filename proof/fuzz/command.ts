import { parseArgs } from 'node:util';
import { synthesize } from '../../rehearsal/deploy.ts';
import { keepNumbers } from '../kept-numbers.ts';
import { shop } from '../shop.ts';
import { fuzz, isKept, linesOf } from './fuzz.ts';
import { type FuzzKind, kinds } from './tally.ts';

/** `npm run fuzz -- --seed 7 --runs 10000`; `--kind plans` for one kind alone, and `--only 42` for one of its inputs. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '10000' },
    kind: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${option} ${text} is not a whole number. Write it like --${option} 42.`);
}

const wanted: readonly FuzzKind[] = values.kind === undefined ? kinds : kinds.filter((kind) => kind === values.kind);
if (wanted.length === 0) throw new Error(`--kind is one of: ${kinds.join(', ')}.`);
const runs = {
  seed: wholeNumber('seed', values.seed),
  runs: wholeNumber('runs', values.runs),
  ...(values.only === undefined ? {} : { only: wholeNumber('only', values.only) }),
};
const assembly = await synthesize([shop]);
try {
  const report = await fuzz(wanted, runs, assembly.directory);
  console.log(linesOf(report).join('\n'));
  keepNumbers(values.json, report);
  if (!isKept(report)) process.exitCode = 1;
} finally {
  assembly.remove();
}
