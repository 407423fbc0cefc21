import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Plan } from '../domain/plan.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Bundles every function entry into `<outdir>/<area>/<step>/index.js` and packs the plans beside it, so that reading a plan
 * needs no other service. The same sources give the same bytes.
 */
export function bundleFunctions(plans: readonly Plan[], outdir: string): void {
  const entries = globSync('lambdas/*/*.ts', { cwd: root }).toSorted();
  buildSync({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    outbase: 'lambdas',
    entryNames: '[dir]/[name]/index',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The packages' ES modules: only then is what a function does not use left out.
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  for (const entry of entries) {
    const directory = join(outdir, entry.replace(/^lambdas\//, '').replace(/\.ts$/, ''));
    mkdirSync(dirname(directory), { recursive: true });
    writeFileSync(join(directory, 'plans.json'), JSON.stringify(plans));
  }
}
