import { appendFileSync, cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { StepName } from '../../lib/infra/step-names.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { FunctionDefinition } from '../../sim/lambda/lambda.ts';

/** The deployed function of a step. */
export function functionOf({ cloud, plan }: Stage, step: StepName): FunctionDefinition {
  // The template cuts long names; so many letters tell all steps apart.
  const id = step.replaceAll(/(^|[/-])(\w)/g, (_, __, letter: string) => letter.toUpperCase()).slice(0, 18);
  const { functions } = cloud.services(plan.recovery.region).lambda;
  const found = functions.find(({ name }) => name.includes(`-Steps${id}`));
  if (found === undefined) throw new Error(`There is no function for ${step}.`);
  return found;
}

/**
 * Deploys a broken variant of a step beside the right one, which a checker must catch: `body` is JavaScript that is given `event`, and
 * `real`, the right handler.
 */
export function tamper(stage: Stage, step: StepName, body: string): void {
  const definition = functionOf(stage, step);
  const assetDir = mkdtempSync(`${definition.assetDir}-tampered-`);
  cpSync(definition.assetDir, assetDir, { recursive: true });
  const [, name] = definition.handler.split('.');
  const wrapped = `\n;{ const real = module.exports.${name}; module.exports = { ${name}: async (event) => { ${body} } }; }\n`;
  appendFileSync(join(assetDir, 'index.js'), wrapped);
  stage.cloud.services(stage.plan.recovery.region).lambda.createFunction({ ...definition, assetDir });
}
