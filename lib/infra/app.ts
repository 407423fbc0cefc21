import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Plan } from '../domain/plan.ts';
import { stackName } from '../names.ts';
import { bundleFunctions } from './bundle.ts';
import { HomewardStack } from './homeward-stack.ts';

/**
 * One stack per recovery Region; the account is that of the credentials that deploy. Findings of cdk-nag fail the synthesis.
 * The CDK copies each bundle into its output when the function is declared.
 */
export function buildApp(plans: readonly Plan[], outdir?: string): App {
  const app = new App(outdir === undefined ? {} : { outdir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const region of new Set(plans.map((plan) => plan.recovery.region))) {
    const ofRegion = plans.filter((plan) => plan.recovery.region === region);
    const bundles = mkdtempSync(join(tmpdir(), 'homeward-bundles-'));
    bundleFunctions(ofRegion, bundles);
    const account = process.env['CDK_DEFAULT_ACCOUNT'];
    new HomewardStack(app, stackName(region), {
      plans: ofRegion,
      bundles,
      env: { region, ...(account === undefined ? {} : { account }) },
    });
    rmSync(bundles, { recursive: true });
  }
  return app;
}
