import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { keepNumbers } from '../kept-numbers.ts';
import { canaries, type Day } from './canaries.ts';
import { live, planOf } from './days.ts';
import { variantOf } from './variant.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });

/** What the canaries come to, as `docs/proof.md` shows it. */
export type Canaries = readonly {
  readonly name: string;
  /** What its checker said; null if it was silent. */
  readonly caught: string | null;
}[];

/** Whether the checkers are silent on the sound system and each broken variant of it is caught by the checker of its promise. */
async function run(): Promise<boolean> {
  const chosen = canaries.filter(({ name }) => values.only === undefined || name === values.only);
  const sound = mkdtempSync(join(tmpdir(), 'homeward-sound-'));
  try {
    await bundleFunctions(sound);
    let isSound = true;
    for (const day of new Set(chosen.map((each) => each.day))) {
      const found = await liveWith(await synthesize([planOf(day)], sound), day);
      for (const line of found) console.log(`the system as it is, ${day}: ${line}`);
      isSound &&= found.length === 0;
    }
    const seen: Canaries[number][] = [];
    for (const canary of chosen) {
      const found = await liveWith(await variantOf(canary, sound), canary.day);
      const caught = found.find((line) => line.startsWith(`${canary.promise} `)) ?? null;
      const other = found.slice(0, 3).join('; ') || 'nothing found';
      console.log(`${canary.name}: ${caught === null ? `MISSED: ${other}` : `caught: ${caught}`}`);
      seen.push({ name: canary.name, caught });
    }
    const missed = seen.filter(({ caught }) => caught === null).length;
    console.log(`${seen.length} canaries, ${seen.length - missed} caught`);
    keepNumbers(values.json, seen);
    return isSound && missed === 0 && seen.length > 0;
  } finally {
    rmSync(sound, { recursive: true });
  }
}

async function liveWith(assembly: Assembly, day: Day): Promise<string[]> {
  try {
    return await live(day, assembly.directory);
  } finally {
    assembly.remove();
  }
}

process.exitCode = (await run()) ? 0 : 1;
