import { parseArgs } from 'node:util';
import { synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import { keepNumbers } from '../kept-numbers.ts';
import { livedPlan, livedWorld, liveThrough } from './life.ts';
import { reportRights } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'string' } } });

/** Takes the example plan through a whole life and judges every right of every role by the calls it made. */
async function judge(): Promise<boolean> {
  const assembly = await synthesize([livedPlan]);
  try {
    const stage = await Stage.open({ plan: livedPlan, world: livedWorld, seed: 21, assembly: assembly.directory });
    const record = await liveThrough(stage).finally(() => stage.close());
    const report = await reportRights(record);
    const { unallowed, unused, outlivedReasons, needlessWildcards, meetings, uncaught, ...counts } = report;
    console.log(counts);
    const wrong = { unallowed, unused, outlivedReasons, needlessWildcards, meetings, uncaught };
    for (const [what, lines] of Object.entries(wrong)) for (const line of lines) console.log(`${what}: ${line}`);
    keepNumbers(values.json, report);
    return Object.values(wrong).every((lines) => lines.length === 0);
  } finally {
    assembly.remove();
  }
}

process.exitCode = (await judge()) ? 0 : 1;
