import { readEvidence } from '../aws/evidence.ts';
import { readStackOutputs } from '../aws/stack-outputs.ts';
import { evidenceAddress } from '../domain/evidence.ts';
import type { Plan } from '../domain/plan.ts';
import { printable, quoted } from '../domain/quoted.ts';
import { outputs, stackName } from '../names.ts';
import { type Console, catalogueOf } from './operations.ts';
import { UserError } from './plans.ts';

/** Prints the evidence of the operation of a plan that ended last, or of the one that is named. @throws UserError where there is none */
export async function showEvidence(console: Console, plan: Plan, wanted: string | undefined): Promise<void> {
  const { region } = plan.recovery;
  const catalogue = await catalogueOf(console, plan);
  const { name } = plan;
  const kinds = ['failover', 'failback', 'accept', 'drill'] as const;
  const all = (await Promise.all(kinds.map((kind) => catalogue.operationsOf(name, kind)))).flat();
  const ended = all.toSorted((one, other) => (one.endedAt ?? '').localeCompare(other.endedAt ?? ''));
  const operation = ended.findLast(({ id, endedAt }) => (wanted === undefined ? endedAt !== null : id === wanted));
  if (operation === undefined)
    throw new UserError(
      wanted === undefined
        ? `No failover, failback, accept or drill of plan ${plan.name} has ended yet.`
        : `Plan ${plan.name} has no failover, failback, accept or drill ${quoted(wanted)}.`,
    );
  const { cloudformation, s3 } = console.clients(region);
  const bucket = (await readStackOutputs(cloudformation, stackName(region))).get(outputs.evidenceBucketName) ?? '';
  const evidence = await readEvidence(s3, bucket, operation);
  if (evidence === undefined)
    throw new UserError(
      `There is nothing at ${evidenceAddress(bucket, operation)}. Evidence is written once an operation has ended, at the latest a quarter of an hour later, and kept for 400 days.`,
    );
  for (const line of evidence.trimEnd().split('\n')) console.print(printable(line));
}
