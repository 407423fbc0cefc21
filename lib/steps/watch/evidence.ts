import * as z from 'zod';
import { s3Client } from '../../aws/clients.ts';
import { putEvidence } from '../../aws/evidence.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { evidenceAddress, evidenceOf, type Facts, type OwedEvidence } from '../../domain/evidence.ts';
import { Failure } from '../../domain/failure.ts';
import { environment } from '../../names.ts';
import { ownPoint } from '../operation/begin-point.ts';
import { unforeseen } from '../entry.ts';
import { tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';

/** An execution has ended, or it is time to look again. More members are ignored. @source Step Functions guide, EventBridge events */
export const evidenceSchema = z.object({
  'detail-type': z.enum(['Step Functions Execution Status Change', 'Scheduled Event']),
});

/** Ids of operations whose evidence was written, and of those of which it is owed still. */
export interface Written {
  readonly written: readonly string[];
  readonly owed: readonly string[];
}

/**
 * Writes the evidence of every operation that has ended since, of all plans. What cannot be written is told once, and tried again at each look: no
 * operation waits for it (I11). Written twice, it is the same object.
 */
export async function writeOwedEvidence(services: Services): Promise<Written> {
  const written: string[] = [];
  const owed: string[] = [];
  for (const note of await services.catalogue.owedEvidence())
    ((await writeOrTell(services, note)) ? written : owed).push(note.operation);
  return { written, owed };
}

/** Returns whether it is written. */
async function writeOrTell(services: Services, note: OwedEvidence): Promise<boolean> {
  try {
    return await write(services, note);
  } catch (error) {
    const failure = error instanceof Failure ? error : unforeseen('watch/evidence', error);
    if (!note.isTold) await tellOwed(services, note, failure);
    return false;
  }
}

async function write(services: Services, note: OwedEvidence): Promise<boolean> {
  const { catalogue } = services;
  const operation = await catalogue.operationOf(note);
  // It is about to end, or goes on: whatever ends it notes so once more.
  if (operation.outcome === 'running') return false;
  const bucket = services.setting(environment.evidenceBucket);
  await putEvidence(services.client(s3Client), bucket, operation, evidenceOf(await factsOf(services, operation)));
  await catalogue.settleEvidence(note);
  if (note.isTold)
    await tell(
      services,
      `Homeward: evidence of plan ${note.plan} is written`,
      `Evidence: ${evidenceAddress(bucket, operation)}`,
    );
  return true;
}

async function factsOf(services: Services, operation: Operation): Promise<Facts> {
  const { plan, id } = operation;
  const { catalogue } = services;
  const { primary, recovery } = services.plan(plan);
  const point = operation.isPlanned === true ? await catalogue.point(plan, ownPoint(operation)) : undefined;
  return {
    operation,
    events: await catalogue.events(id),
    transfers: await catalogue.transfers(id),
    twins: (await catalogue.twins(plan)).filter((twin) => twin.operation === id),
    ownPoint: point,
    regions: { primary: primary.region, recovery: recovery.region },
  };
}

async function tellOwed(services: Services, note: OwedEvidence, failure: Failure): Promise<void> {
  const { plan, operation } = note;
  const text = `The evidence of ${operation} could not be written: ${failure.code}: ${failure.message} It is tried again every quarter of an hour. The operation itself has ended, and waits for nothing.`;
  await services.catalogue.addEvent(operation, services.now(), text);
  await tell(services, `Homeward: evidence of plan ${plan} is owed`, text);
  await services.catalogue.tellOwedEvidence(note);
}
