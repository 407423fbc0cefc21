import { cpSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Plan } from '../domain/plan.ts';
import { type StepName, stepNames } from './step-names.ts';

const root = join(import.meta.dirname, '../..');

/**
 * The AWS SDK names what AWS calls its members by constants: `const _xN = "xmlName"; … { [_xN]: _it }`. To esbuild such a name may do
 * anything when it is read, so that it would keep all schemas of a service, of which the functions use a tenth.
 */
const literalNames: Plugin = {
  name: 'literal-names',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]schemas[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const constants = new Map(
        [...text.matchAll(/^const (\w+) = ("\w+");$/gm)].map(([, name, value]) => [name, value]),
      );
      return { contents: text.replaceAll(/\[(\w+)\](?=: )/g, (whole, name: string) => constants.get(name) ?? whole) };
    });
  },
};

/** Bundles the functions of all steps into `<outdir>/index.js`, which exports each. The same sources give the same bytes. */
export async function bundleFunctions(outdir: string): Promise<void> {
  const exports = stepNames.map((step) => `export { handler as ${exportOf(step)} } from './lambdas/${step}.ts';`);
  await build({
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
    plugins: [literalNames],
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
