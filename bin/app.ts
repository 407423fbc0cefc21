import { readFileSync } from 'node:fs';
import { buildApp } from '../lib/infra/app.ts';
import { formatProblem } from '../lib/plan-file/document.ts';
import { readPlanFile } from '../lib/plan-file/read.ts';

/** What `cdk synth` and `cdk deploy` run: the plans of `HOMEWARD_PLANS`, else `homeward.yaml`. */
const file = process.env['HOMEWARD_PLANS'] ?? 'homeward.yaml';

const reading = readPlanFile(file, readFileSync(file, 'utf8'));
if (reading.kind === 'wrong') {
  for (const problem of reading.problems) console.error(formatProblem(problem));
  process.exitCode = 1;
} else {
  buildApp(reading.value).synth();
}
