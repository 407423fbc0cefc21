import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../lib/domain/plan.ts';
import { buildApp } from '../lib/infra/app.ts';

/** What `cdk synth` writes for the plans: templates and packages, in a directory that `remove` deletes. */
export interface Assembly {
  readonly directory: string;
  remove(): void;
}

/** The rules that the CDK ships for templates take seconds to load; `cdk synth` looks at them, and the simulated cloud has its own. */
const context = { '@aws-cdk/core:validateAgainstDefaultRules': false };

/**
 * Synthesizes the plans as `cdk deploy` would, cdk-nag included. Call it before virtual time begins.
 * @param bundle what `bundleFunctions` wrote, which takes longest of all; made anew unless given
 */
export async function synthesize(plans: readonly Plan[], bundle?: string): Promise<Assembly> {
  const directory = mkdtempSync(join(tmpdir(), 'homeward-'));
  const app = await buildApp(plans, { outdir: directory, context, ...(bundle === undefined ? {} : { bundle }) });
  app.synth();
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
