import { existsSync, readFileSync } from 'node:fs';
import { buildApp } from '../lib/infra/app.ts';
import { formatProblem } from '../lib/plan-file/document.ts';
import { readPlanFile } from '../lib/plan-file/read.ts';

/** What `cdk synth` and `cdk deploy` run: the plans of `HOMEWARD_PLANS`, else `homeward.yaml`. */
const file = process.env['HOMEWARD_PLANS'] ?? 'homeward.yaml';

if (!existsSync(file)) {
  console.error(`There is no plan file ${file}. Write one (see examples/shop.yaml), or name it in HOMEWARD_PLANS.`);
  process.exit(1);
}
const reading = readPlanFile(file, readFileSync(file, 'utf8'));
if (reading.kind === 'wrong') {
  for (const problem of reading.problems) console.error(formatProblem(problem));
  process.exitCode = 1;
} else {
  const app = await buildApp(reading.value);
  app.synth();
}
