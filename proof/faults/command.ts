import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Plan } from '../../lib/domain/plan.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { createRandom } from '../../sim/random.ts';
import { keepNumbers } from '../kept-numbers.ts';
import { shop } from '../shop.ts';
import { type Case, casesOf, type CleanRun, passing, sitesOf } from './cases.ts';
import { modes } from './modes.ts';
import { alone, halvesOf, restOf, type Run, runOf, runsOf } from './runs.ts';
import { modeOf, type Verdict } from './sweep.ts';
import { Workers } from './workers.ts';

const help = `Breaks every call of every state machine in every way.

  npm run faults                      faults that pass by themselves at every call, those that end an operation at the
                                      first and the last meeting of every call site
  npm run faults -- --every           those that end an operation at every call and every state, too
  npm run faults -- --share           each call site once, in a mode and with a kind drawn by --seed
  npm run faults -- --mode failback   one mode (may be repeated)
  npm run faults -- --alone           each case in a world of its own, instead of many in one
  npm run faults -- --runs 20         only so many worlds
  npm run faults -- --only 'KEY'      one run, as the report names it
  npm run faults -- --results FILE    keeps the verdicts there and goes on where it stopped
`;

const { values } = parseArgs({
  options: {
    share: { type: 'boolean', default: false },
    runs: { type: 'string' },
    every: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    mode: { type: 'string', multiple: true },
    only: { type: 'string' },
    results: { type: 'string' },
    json: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
});

const returning = new Set(modes.filter(({ again, stays }) => again !== undefined || stays).map(({ name }) => name));

/** What the sweep comes to, as `docs/proof.md` shows it. */
export interface Sweep {
  readonly modes: Readonly<Record<string, { calls: number; sites: number; cases: number; perfect: number }>>;
  readonly kinds: Readonly<Record<string, number>>;
  /** Simulated worlds. */
  readonly runs: number;
  readonly broken: number;
  /** Of all worlds together, whenever and by whichever worker they were simulated. */
  readonly worldSeconds: number;
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

/** The plans of the modes that are run, each synthesized once. */
class Assemblies {
  readonly #made = new Map<Plan, Promise<Assembly>>();

  async of(mode: string): Promise<string> {
    const { plan = shop } = modeOf(mode);
    const assembly = this.#made.get(plan) ?? synthesize([plan]);
    this.#made.set(plan, assembly);
    return (await assembly).directory;
  }

  async remove(): Promise<void> {
    for (const assembly of this.#made.values()) (await assembly).remove();
  }
}

async function sweep(): Promise<boolean> {
  const begun = Date.now();
  const assemblies = new Assemblies();
  const workers = new Workers(Number(values.workers));
  try {
    const clean = await recordModes(workers, assemblies);
    const cases = chosenCases([...clean.values()]);
    const known = knownVerdicts();
    const done = new Set(known.flatMap(({ perfect }) => perfect));
    const verdicts: Verdict[] = [];
    const left = cases.filter(({ key }) => !done.has(key));
    console.log(`${cases.length} cases, ${cases.length - left.length} known already`);
    let runs = runsFor(left);
    for (let generation = 1; runs.length > 0; generation += 1) {
      console.log(`${runs.length} worlds`);
      const again: Run[] = [];
      const unmet: Case[] = [];
      const orders = await Promise.all(
        runs.map(async (run) => ({ kind: 'run', run, assembly: await assemblies.of(run.mode) }) as const),
      );
      await workers.each<Verdict, (typeof orders)[number]>(orders, (verdict, { run }) => {
        verdicts.push(verdict);
        if (values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(verdict)}\n`);
        if (verdict.broken.length > 0 && keysOf(verdict).length === 1) tell(verdict);
        const rest = restOf(run, verdict.left, verdict.begun);
        again.push(...(verdict.broken.length > 0 ? halvesOf(run) : rest.unbegun));
        if (verdict.broken.length === 0) unmet.push(...rest.unmet);
        if (verdicts.length % 50 === 0) console.log(`${verdicts.length} worlds done`);
      });
      // Among others faults may keep a call from being made: those that are left twice are tried alone.
      const retried = generation === 1 ? runsOf(unmet, `${values.seed}-again`, returning) : unmet.map(alone);
      runs = values.only === undefined && values.runs === undefined ? [...again, ...retried] : [];
    }
    return report(clean, cases, [...known, ...verdicts], (Date.now() - begun) / 1_000);
  } finally {
    workers.end();
    await assemblies.remove();
  }
}

async function recordModes(workers: Workers, assemblies: Assemblies): Promise<Map<string, CleanRun>> {
  const wanted = values.only === undefined ? values.mode : [values.only.split('/')[0]];
  const chosen = modes.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const clean = new Map<string, CleanRun>();
  const orders = await Promise.all(
    chosen.map(async ({ name }) => ({ kind: 'record', mode: name, assembly: await assemblies.of(name) }) as const),
  );
  await workers.each<CleanRun, (typeof orders)[number]>(orders, (run) => clean.set(run.mode, run));
  return clean;
}

function chosenCases(clean: readonly CleanRun[]): Case[] {
  const every = clean.flatMap((run) => casesOf(run, true));
  if (values.only !== undefined) return runOf(values.only, every).rounds.flat();
  if (values.every) return every;
  const atEnds = clean.flatMap((run) => casesOf(run, false));
  if (values.share) return shareOf(atEnds, values.seed);
  const chosen = new Set(atEnds.map(({ key }) => key));
  return every.filter(({ key, kind }) => passing.has(kind) || chosen.has(key));
}

function runsFor(cases: readonly Case[]): Run[] {
  if (values.only !== undefined) return [runOf(values.only, cases)];
  const runs = values.alone ? cases.map(alone) : runsOf(cases, values.seed, returning);
  return values.runs === undefined ? runs : inTurn(runs).slice(0, Number(values.runs));
}

/** The first run of each mode, then the second of each: so that a few are of all. */
function inTurn(runs: readonly Run[]): Run[] {
  const byMode = Map.groupBy(runs, ({ mode }) => mode);
  const places = runs.map((run) => ({ run, place: byMode.get(run.mode)?.indexOf(run) ?? 0 }));
  return places.toSorted((one, other) => one.place - other.place).map(({ run }) => run);
}

function knownVerdicts(): Verdict[] {
  const { results } = values;
  if (results === undefined || !existsSync(results)) return [];
  const lines = readFileSync(results, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Verdict);
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
  const perfect = new Set(verdicts.flatMap((verdict) => verdict.perfect));
  const broken = smallest(verdicts.filter((verdict) => verdict.broken.length > 0)).filter(
    (verdict) => !wasTooMuch(verdict, perfect),
  );
  const kinds = new Map<string, number>();
  for (const { kind } of cases) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const ofModes = [...clean].map(([mode, run]) => {
    const ofMode = cases.filter((each) => each.mode === mode);
    const good = ofMode.filter(({ key }) => perfect.has(key)).length;
    return [
      mode,
      { calls: run.calls.length, sites: sitesOf(run).length, cases: ofMode.length, perfect: good },
    ] as const;
  });
  const worldSeconds = verdicts.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1_000;
  const numbers: Sweep = {
    modes: Object.fromEntries(ofModes),
    kinds: Object.fromEntries(kinds),
    runs: verdicts.length,
    broken: broken.length,
    worldSeconds: Math.round(worldSeconds),
    secondsPerRun: worldSeconds / Math.max(1, verdicts.length),
  };
  console.log('');
  for (const [mode, of] of ofModes)
    console.log(`${mode}: ${of.calls} calls at ${of.sites} call sites, ${of.perfect} of ${of.cases} cases perfect`);
  console.log([...kinds].map(([kind, count]) => `${kind} ${count}`).join(', '));
  for (const verdict of broken) tell(verdict);
  console.log(`${cases.length} cases, ${perfect.size} perfect, ${numbers.runs} worlds, ${Math.round(wallSeconds)} s`);
  keepNumbers(values.json, numbers);
  const isComplete = values.runs !== undefined || cases.every(({ key }) => perfect.has(key));
  return broken.length === 0 && isComplete && verdicts.length > 0;
}

/** Of broken runs those in which no smaller broken run is contained. */
function smallest(broken: readonly Verdict[]): Verdict[] {
  const cases = new Map(broken.map((verdict) => [verdict, keysOf(verdict)]));
  const contains = (one: Verdict, other: Verdict) =>
    keysOf(other).length < keysOf(one).length && cases.get(other)?.every((key) => cases.get(one)?.includes(key));
  return broken.filter((one) => !broken.some((other) => contains(one, other)));
}

/** Whether an operation only gave up for all that went wrong at once: each of it alone did not make it. */
function wasTooMuch(verdict: Verdict, perfect: ReadonlySet<string>): boolean {
  const keys = keysOf(verdict);
  const ended = `${modeOf(keys[0]?.split('/')[0] ?? '').kind} ended `;
  // A function that is told of an event has three tries.
  const gaveUp = verdict.broken.every((line) => line.startsWith(ended) || /^an event of \S+ was lost: /.test(line));
  return gaveUp && keys.length > 1 && keys.every((key) => perfect.has(key));
}

function keysOf({ key }: Verdict): string[] {
  return key.split(/ \+ | then /);
}

if (values.help) console.log(help);
else process.exitCode = (await sweep()) ? 0 : 1;
