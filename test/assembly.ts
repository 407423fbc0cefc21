import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleFunctions } from '../lib/infra/bundle.ts';
import { shop } from '../proof/shop.ts';
import { synthesize } from '../rehearsal/deploy.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `bundleFunctions` wrote, for plans that a test synthesizes itself. */
    bundle: string;
    /** Directory of the synthesized example plan, the same for all tests. */
    shopAssembly: string;
  }
}

/** Bundles the functions and synthesizes the example plan once for all tests. */
export default async function setup(project: TestProject): Promise<() => void> {
  const bundle = mkdtempSync(join(tmpdir(), 'homeward-bundle-'));
  await bundleFunctions(bundle);
  const assembly = await synthesize([shop], bundle);
  project.provide('bundle', bundle);
  project.provide('shopAssembly', assembly.directory);
  return () => {
    assembly.remove();
    rmSync(bundle, { recursive: true });
  };
}
