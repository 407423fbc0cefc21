import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Plan } from '../domain/plan.ts';
import { type StepName, stepNames } from './step-names.ts';

const root = join(import.meta.dirname, '../..');

/** Bundles the functions of all steps into `<outdir>/index.js`, which exports each. The same sources give the same bytes. */
export function bundleFunctions(outdir: string): void {
  const exports = stepNames.map((step) => `export { handler as ${exportOf(step)} } from './lambdas/${step}.ts';`);
  buildSync({
    absWorkingDir: root,
    stdin: { contents: exports.join('\n'), resolveDir: root, sourcefile: 'index.ts', loader: 'ts' },
    outfile: join(outdir, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The packages' ES modules: only then is what no function uses left out.
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
  });
}

/** Packs the plans beside a copy of the bundle in `outdir`, so that a function that reads a plan needs no other service. */
export function packPlans(plans: readonly Plan[], bundle: string, outdir: string): void {
  cpSync(bundle, outdir, { recursive: true });
  writeFileSync(join(outdir, 'plans.json'), JSON.stringify(plans));
}

/** What a template names as the handler of a step: `index.failbackPayFence`. */
export function handlerOf(step: StepName): string {
  return `index.${exportOf(step)}`;
}

function exportOf(step: StepName): string {
  return step.replaceAll(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());
}
