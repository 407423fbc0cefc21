import { readFileSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { readPlanFile } from '../lib/plan-file/read.ts';
import { synthesize } from '../rehearsal/deploy.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of the synthesized example plan, the same for all tests. */
    shopAssembly: string;
  }
}

/** Synthesizes the example plan once for all tests that deploy it. */
export default function setup(project: TestProject): () => void {
  const file = 'examples/shop.yaml';
  const reading = readPlanFile(file, readFileSync(file, 'utf8'));
  if (reading.kind !== 'read') throw new Error('the example plan must be right');
  const assembly = synthesize(reading.value);
  project.provide('shopAssembly', assembly.directory);
  return () => assembly.remove();
}
