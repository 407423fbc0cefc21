import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { UserError } from '../lib/cli/plans.ts';
import type { Plan } from '../lib/domain/plan.ts';
import { formatProblem } from '../lib/plan-file/document.ts';
import { defaultWorld } from './default-world.ts';
import { rehearse } from './rehearse.ts';
import { brokenPromises, liveView, plainView, summaryOf } from './view.ts';
import { readWorldFile, type World } from './world.ts';

export interface RehearseCommand {
  readonly plan: Plan;
  readonly seed: number;
  readonly world?: string;
  readonly json?: string;
}

/** `homeward rehearse`: plays, shows, writes the numbers. Returns whether every promise was kept. */
export async function rehearseCommand({ plan, seed, world: file, json }: RehearseCommand): Promise<boolean> {
  const world = file === undefined ? defaultWorld(plan) : loadWorld(file, plan);
  const isTerminal = process.stdout.isTTY;
  const live = isTerminal ? liveView(process.stdout) : undefined;
  if (json !== undefined) checkWritable(json);
  console.log(
    `Rehearsing plan ${plan.name}: ${plan.primary.region} → ${plan.recovery.region}. The stack is synthesized and deployed first.`,
  );
  const report = await rehearse({ plan, world, seed }, live ?? plainView((line) => console.log(line))).finally(() =>
    live?.end(),
  );
  console.log(`\n${summaryOf(report).join('\n')}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  const broken = brokenPromises(plan, report);
  for (const line of broken) console.error(`BROKEN: ${line}`);
  return broken.length === 0;
}

/** Before the story is played: its numbers must have somewhere to go. */
function checkWritable(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UserError(`The numbers cannot be written to ${file}: ${error instanceof Error ? error.message : ''}`);
  }
}

function loadWorld(file: string, plan: Plan): World {
  if (!existsSync(file) || statSync(file).isDirectory())
    throw new UserError(`There is no world file ${file}. See examples/shop.world.yaml for one.`);
  const reading = readWorldFile(file, readFileSync(file, 'utf8'), plan);
  if (reading.kind === 'read') return reading.value;
  throw new UserError(reading.problems.map(formatProblem).join('\n'));
}
