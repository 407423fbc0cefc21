import { parseArgs } from 'node:util';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { keepNumbers } from '../kept-numbers.ts';
import { planOf, plans } from './plans.ts';
import { play, type Played } from './play.ts';
import { shrink } from './shrink.ts';
import { type Happening, storyOf } from './story.ts';

const help = `Random disasters: plans, worlds, writes, faults, outages and operators at the wrong time.

  npm run soak -- --seed N --minutes M     seeds from N on, for M minutes
  npm run soak -- --seed N --only          that seed alone
  npm run soak -- --seed N --keep 3,7,9    that seed alone, with those happenings only
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    keep: { type: 'string' },
    only: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** What a soak comes to, as `docs/proof.md` shows it. */
export interface Soak {
  readonly first: number;
  readonly seeds: number;
  readonly virtualHours: number;
  readonly calls: number;
  readonly wallSeconds: number;
  /** Seeds that broke a promise. */
  readonly broken: number;
}

const assemblies = new Map<number, Assembly>();

async function assemblyOf(seed: number): Promise<string> {
  const index = seed % plans.length;
  const assembly = assemblies.get(index) ?? (await synthesize([planOf(seed)]));
  assemblies.set(index, assembly);
  return assembly.directory;
}

/** Happenings with their place in the story, by which the command line names them. */
type Placed = readonly [place: number, happening: Happening];

async function playSeed(seed: number, chosen: readonly Placed[]): Promise<Played> {
  const story = storyOf(seed, planOf(seed));
  const happenings = chosen.map(([, happening]) => happening);
  return play(planOf(seed), { ...story, happenings }, { seed, assembly: await assemblyOf(seed) });
}

function placed(seed: number): readonly Placed[] {
  const all = storyOf(seed, planOf(seed)).happenings.map((happening, place): Placed => [place, happening]);
  const keep = values.keep?.split(',').map(Number);
  return keep === undefined ? all : all.filter(([place]) => keep.includes(place));
}

async function tell(seed: number, { broken }: Played, chosen: readonly Placed[]): Promise<void> {
  console.log(`seed ${seed} broke:`);
  for (const line of broken) console.log(`    ${line}`);
  const promise = (line = '') => line.split(' ')[0];
  const smallest =
    values.keep === undefined
      ? await shrink(chosen, async (kept) => {
          const again = await playSeed(seed, kept);
          return again.broken.some((line) => promise(line) === promise(broken[0]));
        })
      : chosen;
  for (const [place, happening] of smallest) console.log(`    ${place}: ${JSON.stringify(happening)}`);
  console.log(`    npm run soak -- --seed ${seed} --keep ${smallest.map(([place]) => place).join(',')}`);
}

async function soak(): Promise<boolean> {
  const first = Number(values.seed);
  const begun = process.hrtime.bigint();
  const until = begun + BigInt(Math.round(Number(values.minutes) * 60e9));
  const isSingle = values.only || values.keep !== undefined;
  let [seeds, bad, virtualSeconds, calls] = [0, 0, 0, 0];
  for (let seed = first; seeds === 0 || (!isSingle && process.hrtime.bigint() < until); seed += 1) {
    const chosen = placed(seed);
    const played = await playSeed(seed, chosen);
    seeds += 1;
    virtualSeconds += played.virtualSeconds;
    calls += played.calls;
    if (played.broken.length === 0) continue;
    bad += 1;
    await tell(seed, played, chosen);
  }
  for (const assembly of assemblies.values()) assembly.remove();
  const virtualHours = Math.round(virtualSeconds / 360) / 10;
  console.log(`${seeds} seeds from ${first}, ${virtualHours} virtual hours, ${calls} calls, ${bad} broken`);
  const wallSeconds = Number((process.hrtime.bigint() - begun) / 1_000_000_000n);
  const numbers: Soak = { first, seeds, virtualHours, calls, wallSeconds, broken: bad };
  keepNumbers(values.json, numbers);
  return bad === 0;
}

if (values.help) console.log(help);
else process.exitCode = (await soak()) ? 0 : 1;
