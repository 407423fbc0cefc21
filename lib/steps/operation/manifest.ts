import * as z from 'zod';
import { isNotVisibleYet } from '../../aws/blocks.ts';
import { ebsClient, ec2Client } from '../../aws/clients.ts';
import { manifestPurpose, startManifest, writeManifest } from '../../aws/manifests.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import { Failure } from '../../domain/failure.ts';
import { isAlias } from '../../domain/key.ts';
import { manifestOf } from '../../domain/manifest.ts';
import { nextPoll, nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';

export const manifestStepSchema = contextSchema.extend({ begin: z.boolean().optional(), poll: pollSchema });

/** Half a mebibyte is complete within a minute; one that was started a moment ago is known after two at most. @source aws-facts [2.8] */
const manifestSecondsMax = 900;

/**
 * Keeps what a final operation leaves in the table in a snapshot of the recovery Region as well, where the loss of the table does not
 * reach it: encrypted, tagged like everything else, and let go by retention together with what it describes. `begin`: only starts that
 * snapshot, so that AWS knows it by the time there is something to write, and nobody waits for that.
 */
export async function manifest(services: Services, input: z.infer<typeof manifestStepSchema>): Promise<PollResult> {
  const plan = services.plan(input.plan);
  const { catalogue } = services;
  const state = await services.proveEpoch(input);
  const operation = await catalogue.operationOf(input);
  const point = await catalogue.point(plan.name, operation.recoveryPoint ?? '');
  const kept = manifestOf({ state, operation, point, twins: await catalogue.twins(plan.name) });
  const ebs = services.client(ebsClient, plan.recovery.region);
  const owner = {
    plan: plan.name,
    operation: operation.id,
    purpose: manifestPurpose,
    step: `manifest/${operation.id}`,
    ...(kept.point === null ? {} : { point: kept.point.id }),
  };
  const target = await startManifest(ebs, { owner, key: arnOf(plan.recovery.key) });
  if (input.begin === true) return nextPoll(input.poll, false, services.now());
  const isDone = await isComplete(services, plan.recovery.region, target);
  if (!isDone) await writeIfKnown(() => writeManifest(ebs, target, kept));
  return nextPollWithin(input.poll, isDone, services.now(), {
    withinSeconds: manifestSecondsMax,
    overdue: () =>
      refusal(
        operation.id,
        `snapshot ${target} in ${plan.recovery.region} did not complete in ${manifestSecondsMax} s`,
      ),
  });
}

/** The direct APIs take no alias; the default key of the Region stands in for it. @source aws-facts [2.2] */
function arnOf(key: string | undefined): string | undefined {
  return key === undefined || isAlias(key) ? undefined : key;
}

async function isComplete(services: Services, region: string, target: string): Promise<boolean> {
  const snapshot = (await describeSnapshots(services.client(ec2Client, region), [target])).get(target);
  if (snapshot?.state === 'error')
    throw refusal(snapshot.operation ?? '', `snapshot ${target} in ${region} ended in error: ${snapshot.message}`);
  return snapshot?.state === 'completed';
}

async function writeIfKnown(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isNotVisibleYet(error)) throw error;
  }
}

function refusal(operation: string, what: string): Failure {
  return new Failure(
    'SnapshotFailed',
    `The manifest of ${operation} could not be kept: ${what}. What it describes is there and can be used; only a rebuild of the catalogue would not find it. Check the key of the recovery Region.`,
  );
}
