import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Plan } from '../domain/plan.ts';
import { stackName } from '../names.ts';
import { bundleFunctions, packPlans } from './bundle.ts';
import { HomewardStack } from './homeward-stack.ts';

export interface AppOptions {
  /** Where the cloud assembly goes; the CDK's own choice unless given. */
  readonly outdir?: string;
  /** What {@link bundleFunctions} wrote; made of the sources unless given. */
  readonly bundle?: string;
  /** Settings of the CDK. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * One stack per recovery Region; the account is that of the credentials that deploy. Findings of cdk-nag fail the synthesis.
 * The CDK copies the functions' package into its output when they are declared.
 */
export async function buildApp(plans: readonly Plan[], { bundle, ...props }: AppOptions = {}): Promise<App> {
  const app = new App(props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const work = mkdtempSync(join(tmpdir(), 'homeward-code-'));
  const bundled = bundle ?? join(work, 'bundle');
  if (bundle === undefined) await bundleFunctions(bundled);
  for (const region of new Set(plans.map((plan) => plan.recovery.region))) {
    const ofRegion = plans.filter((plan) => plan.recovery.region === region);
    const code = join(work, region);
    packPlans(ofRegion, bundled, code);
    const account = process.env['CDK_DEFAULT_ACCOUNT'];
    new HomewardStack(app, stackName(region), {
      plans: ofRegion,
      code,
      env: { region, ...(account === undefined ? {} : { account }) },
    });
  }
  rmSync(work, { recursive: true });
  return app;
}
