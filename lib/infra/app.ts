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
  readonly bundles?: string;
}

/**
 * One stack per recovery Region; the account is that of the credentials that deploy. Findings of cdk-nag fail the synthesis.
 * The CDK copies each function's package into its output when the function is declared.
 */
export function buildApp(plans: readonly Plan[], { outdir, bundles }: AppOptions = {}): App {
  const app = new App(outdir === undefined ? {} : { outdir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const work = mkdtempSync(join(tmpdir(), 'homeward-packages-'));
  const bundled = bundles ?? join(work, 'bundles');
  if (bundles === undefined) bundleFunctions(bundled);
  for (const region of new Set(plans.map((plan) => plan.recovery.region))) {
    const ofRegion = plans.filter((plan) => plan.recovery.region === region);
    const packages = join(work, region);
    packPlans(ofRegion, bundled, packages);
    const account = process.env['CDK_DEFAULT_ACCOUNT'];
    new HomewardStack(app, stackName(region), {
      plans: ofRegion,
      packages,
      env: { region, ...(account === undefined ? {} : { account }) },
    });
  }
  rmSync(work, { recursive: true });
  return app;
}
