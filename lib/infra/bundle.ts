import { cpSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Plan } from '../domain/plan.ts';

const root = join(import.meta.dirname, '../..');

/** Bundles every function entry into `<outdir>/<area>/<step>/index.js`. The same sources give the same bytes. */
export function bundleFunctions(outdir: string): void {
  buildSync({
    absWorkingDir: root,
    entryPoints: globSync('lambdas/*/*.ts', { cwd: root }).toSorted(),
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
}

/** Packs the plans beside a copy of every bundle in `outdir`, so that a function that reads a plan needs no other service. */
export function packPlans(plans: readonly Plan[], bundles: string, outdir: string): void {
  cpSync(bundles, outdir, { recursive: true });
  for (const bundle of globSync('*/*', { cwd: outdir })) {
    writeFileSync(join(outdir, bundle, 'plans.json'), JSON.stringify(plans));
  }
}
