import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { synthesize } from '../../rehearsal/deploy.ts';
import { shop } from '../shop.ts';
import { canaries, type Canary, type Day } from './canaries.ts';
import { live } from './days.ts';
import { variantOf } from './variant.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });

/** What the canaries come to, as `docs/proof.md` shows it. */
export interface Canaries {
  readonly canaries: number;
  readonly caught: number;
}

/** Whether the checkers are silent on the sound system and each broken variant of it is caught by the checker of its promise. */
async function run(): Promise<boolean> {
  const assembly = synthesize([shop]);
  const chosen = canaries.filter(({ name }) => values.only === undefined || name === values.only);
  let isSound = true;
  try {
    for (const day of new Set<Day>(chosen.map((each) => each.day))) {
      const found = await live(day, assembly.directory);
      for (const line of found) console.log(`the system as it is, ${day}: ${line}`);
      isSound &&= found.length === 0;
    }
    const missed: Canary[] = [];
    for (const canary of chosen) {
      const variant = await variantOf(canary, assembly.directory);
      const found = await live(canary.day, variant.directory);
      variant.remove();
      const hit = found.find((line) => line.startsWith(`${canary.promise} `));
      console.log(
        `${canary.name}: ${hit === undefined ? 'MISSED' : 'caught'}: ${hit ?? (found.slice(0, 3).join('; ') || 'nothing found')}`,
      );
      if (hit === undefined) missed.push(canary);
    }
    const caught = chosen.length - missed.length;
    console.log(`${chosen.length} canaries, ${caught} caught`);
    const numbers: Canaries = { canaries: chosen.length, caught };
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(numbers, null, 2)}\n`);
    return isSound && missed.length === 0 && chosen.length > 0;
  } finally {
    assembly.remove();
  }
}

process.exitCode = (await run()) ? 0 : 1;
