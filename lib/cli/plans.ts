import { existsSync, readFileSync, statSync } from 'node:fs';
import { formatDuration } from '../domain/duration.ts';
import type { Plan } from '../domain/plan.ts';
import { warningsOf } from '../domain/plan-warnings.ts';
import { printable, quoted } from '../domain/quoted.ts';
import { formatProblem } from '../plan-file/document.ts';
import { readPlanFile } from '../plan-file/read.ts';

/** A mistake of the person at the command line: printed as it is, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The plans of a file. @throws UserError with every mistake in it */
export function loadPlans(file: string): readonly Plan[] {
  if (!existsSync(file) || statSync(file).isDirectory())
    throw new UserError(
      `There is no plan file ${printable(file)}. Write one (see examples/shop.yaml), or name it with --file.`,
    );
  const reading = readPlanFile(file, readFileSync(file, 'utf8'));
  if (reading.kind === 'read') return reading.value;
  throw new UserError(reading.problems.map(formatProblem).join('\n'));
}

/** One plan of a file by name. @throws UserError */
export function loadPlan(file: string, name: string): Plan {
  const plans = loadPlans(file);
  const plan = plans.find((each) => each.name === name);
  if (plan !== undefined) return plan;
  throw new UserError(
    `${printable(file)} has no plan ${quoted(name)}. It has: ${plans.map((each) => each.name).join(', ')}.`,
  );
}

/** What `homeward check` says of a plan that is right. */
export function linesOf(plan: Plan): string[] {
  const { name, primary, recovery, servers, protection } = plan;
  const count = Object.keys(servers).length;
  const every = formatDuration(protection.everySeconds);
  return [
    `${name}: ${count} server${count === 1 ? '' : 's'}, ${primary.region} → ${recovery.region}, a point every ${every}`,
    ...Object.values(warningsOf(plan)).map((warning) => `  warning: ${warning}`),
  ];
}
