import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../lib/domain/plan.ts';
import { buildApp } from '../lib/infra/app.ts';

/** What `cdk synth` writes for the plans: templates and bundles, in a directory that `remove` deletes. */
export interface Assembly {
  readonly directory: string;
  remove(): void;
}

/** Synthesizes the plans as `cdk deploy` would, cdk-nag included. Call it before virtual time begins. */
export function synthesize(plans: readonly Plan[]): Assembly {
  const directory = mkdtempSync(join(tmpdir(), 'homeward-'));
  buildApp(plans, directory).synth();
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
