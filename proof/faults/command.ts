import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { synthesize } from '../../rehearsal/deploy.ts';
import { createRandom } from '../../sim/random.ts';
import { shop } from '../shop.ts';
import { type Case, casesOf, type CleanRun, sitesOf } from './cases.ts';
import { modes } from './modes.ts';
import type { Verdict } from './sweep.ts';
import { Workers } from './workers.ts';

const help = `Breaks every call of every state machine in every way, one at a time.

  npm run faults                      every kind at the first and the last meeting of every call site
  npm run faults -- --share           each call site once, in a mode and with a kind drawn by --seed
  npm run faults -- --share --runs 20 that many of them
  npm run faults -- --every           every kind at every call that the record shows; takes hours
  npm run faults -- --mode failback   one mode (may be repeated)
  npm run faults -- --only KEY        one run, as the report names it
  npm run faults -- --results FILE    keeps the verdicts there and goes on where it stopped
`;

const { values } = parseArgs({
  options: {
    share: { type: 'boolean', default: false },
    runs: { type: 'string' },
    every: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    mode: { type: 'string', multiple: true },
    only: { type: 'string' },
    results: { type: 'string' },
    json: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
});

/** What the sweep comes to, as `docs/proof.md` shows it. */
export interface Sweep {
  readonly modes: Readonly<Record<string, { calls: number; sites: number; cases: number }>>;
  readonly runs: number;
  readonly perfect: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly wallSeconds: number;
  readonly secondsPerRun: number;
}

/** Each call site, function and state once, in one of the modes that meet it, each with a kind drawn for it. */
function shareOf(cases: readonly Case[], seed: string): Case[] {
  const random = createRandom(seed);
  const bySite = new Map<string, Case[]>();
  for (const each of cases) {
    const site = each.key
      .split('/')
      .slice(1, each.at === 'call' ? 5 : 2)
      .join('/');
    bySite.set(site, [...(bySite.get(site) ?? []), each]);
  }
  const sites = [...bySite.values()].map((ofSite) => ofSite[random.below(ofSite.length)]);
  return sites
    .filter((each) => each !== undefined)
    .map((each) => ({ each, place: random.next() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ each }) => each);
}

async function sweep(): Promise<boolean> {
  const begun = Date.now();
  const assembly = synthesize([shop]);
  const workers = new Workers(Number(values.workers));
  try {
    const chosen = modes.filter(({ name }) => {
      const wanted = values.only === undefined ? values.mode : [values.only.split('/')[0]];
      return wanted === undefined || wanted.includes(name);
    });
    const clean = new Map<string, CleanRun>();
    const records = chosen.map(({ name }) => ({ kind: 'record', mode: name, assembly: assembly.directory }) as const);
    await workers.each<CleanRun>(records, (run) => clean.set(run.mode, run));
    const all = [...clean.values()].flatMap((run) => casesOf(run, values.every));
    const ofCommand = values.only === undefined ? all : all.filter(({ key }) => key === values.only);
    const cases = (values.share ? shareOf(ofCommand, values.seed) : ofCommand).slice(
      0,
      Number(values.runs ?? ofCommand.length),
    );
    const known = knownVerdicts();
    const verdicts = cases.map(({ key }) => known.get(key)).filter((verdict) => verdict !== undefined);
    const left = cases.filter(({ key }) => !known.has(key));
    console.log(`${cases.length} runs, ${verdicts.length} known already`);
    const runs = left.map((fault) => ({ kind: 'run', fault, assembly: assembly.directory }) as const);
    await workers.each<Verdict>(runs, (verdict) => {
      verdicts.push(verdict);
      if (values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(verdict)}\n`);
      if (verdict.broken.length > 0) tell(verdict);
      if (verdicts.length % 50 === 0) console.log(`${verdicts.length} of ${cases.length}`);
    });
    return report(clean, cases, verdicts, (Date.now() - begun) / 1_000);
  } finally {
    workers.end();
    assembly.remove();
  }
}

function knownVerdicts(): Map<string, Verdict> {
  const { results } = values;
  if (results === undefined || !existsSync(results)) return new Map();
  const lines = readFileSync(results, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as Verdict).map((verdict) => [verdict.key, verdict]));
}

function tell({ key, broken }: Verdict): void {
  console.log(`not perfect: npm run faults -- --only '${key}'`);
  for (const line of broken) console.log(`    ${line}`);
}

function report(
  clean: ReadonlyMap<string, CleanRun>,
  cases: readonly Case[],
  verdicts: readonly Verdict[],
  wallSeconds: number,
): boolean {
  const bad = verdicts.filter(({ broken }) => broken.length > 0);
  const kinds = new Map<string, number>();
  for (const { kind } of cases) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const ofModes = [...clean].map(([mode, run]) => {
    const ofMode = cases.filter((each) => each.mode === mode).length;
    return [mode, { calls: run.calls.length, sites: sitesOf(run).length, cases: ofMode }] as const;
  });
  const numbers: Sweep = {
    modes: Object.fromEntries(ofModes),
    runs: verdicts.length,
    perfect: verdicts.length - bad.length,
    kinds: Object.fromEntries(kinds),
    wallSeconds: Math.round(wallSeconds),
    secondsPerRun: verdicts.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1_000 / Math.max(1, verdicts.length),
  };
  console.log('');
  for (const [mode, of] of ofModes)
    console.log(`${mode}: ${of.calls} calls at ${of.sites} call sites, ${of.cases} runs`);
  console.log([...kinds].map(([kind, count]) => `${kind} ${count}`).join(', '));
  for (const verdict of bad) tell(verdict);
  console.log(`${numbers.runs} runs, ${numbers.perfect} perfect, ${numbers.wallSeconds} s`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(numbers, null, 2)}\n`);
  return bad.length === 0 && verdicts.length > 0;
}

if (values.help) console.log(help);
else process.exitCode = (await sweep()) ? 0 : 1;
