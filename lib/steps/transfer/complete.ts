import { ebsClient, ec2Client } from '../../aws/clients.ts';
import * as z from 'zod';
import { completeSnapshot, isNotVisibleYet, visibleAfterSeconds } from '../../aws/blocks.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import { AwsFailure } from '../../aws/call.ts';
import type { TransferRecord } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPoll, nextPollWithin, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { countChanged } from './list-blocks.ts';
import { transferItemSchema } from './transfer.ts';

export const completeSchema = transferItemSchema.extend({ target: z.string(), poll: pollSchema });
type CompleteInput = z.infer<typeof completeSchema>;

const completeSecondsMax = 3_600;
/** AWS promises nothing: the first copy of a large volume takes hours. @source aws-facts [1.2] */
const copySecondsMax = 86_400;
/** What is not described so long after it was begun has been deleted. @source aws-facts [7.4] */
const visibleSecondsMax = 300;

/** Completes the target with count and checksum, waits for it, and verifies that it holds exactly the delta (I4). For a copy by AWS it only waits. */
export async function complete(services: Services, input: CompleteInput): Promise<PollResult> {
  const { operation, transfer, target } = input;
  const record = await services.catalogue.transfer(operation, transfer.id);
  if (record?.completedAt !== undefined && record.completedAt !== null)
    return nextPoll(input.poll, true, services.now());
  await services.proveEpoch(input);
  const far = services.client(ec2Client, transfer.far.region);
  const snapshot = (await describeSnapshots(far, [target])).get(target);
  if (snapshot?.state === 'error') {
    throw new Failure(
      'TransferFailed',
      `Snapshot ${target} of ${transfer.volume} in ${transfer.far.region} ended in error: ${snapshot.message} Start the operation again.`,
    );
  }
  const isCopied = record?.method === 'native-full';
  if (snapshot?.state === 'completed') {
    const completedAt = services.now().toISOString();
    if (!isCopied) await verify(services, input, record?.changedBlocks ?? 0);
    const changed = isCopied ? { changedBlocks: record.listedBlocks } : {};
    await services.catalogue.updateTransfer(operation, transfer.id, { completedAt, ...changed });
    return nextPoll(input.poll, true, services.now());
  }
  if (isCopied && snapshot === undefined && pollingSeconds(input.poll, services.now()) > visibleSecondsMax)
    throw new Failure(
      'TransferFailed',
      `Copy ${target} of ${transfer.volume} in ${transfer.far.region} no longer exists. Start the operation again.`,
    );
  if (!isCopied) await requestCompletion(services, input, record);
  const withinSeconds = isCopied ? copySecondsMax : completeSecondsMax;
  return nextPollWithin(input.poll, false, services.now(), {
    withinSeconds,
    overdue: () =>
      new Failure(
        'TransferFailed',
        `Snapshot ${target} of ${transfer.volume} in ${transfer.far.region} did not complete within ${withinSeconds} s. Start the operation again.`,
      ),
  });
}

/**
 * Asks for the completion until AWS has taken it. Where an answer may have been lost a repeat may be refused, since AWS completes
 * already, and so may another run of this step that was begun beside it; a young snapshot may be unknown yet. The state decides then.
 */
async function requestCompletion(
  services: Services,
  input: CompleteInput,
  record: TransferRecord | undefined,
): Promise<void> {
  const { operation, transfer, target } = input;
  const { method, listedBlocks = 0, isCompleting = false, startedAt = '' } = record ?? {};
  if (isCompleting) return;
  const wasRequested = record !== undefined && record.changedBlocks !== null;
  const ageSeconds = (services.now().getTime() - Date.parse(startedAt)) / 1_000;
  const units = await services.catalogue.units(operation, transfer.id);
  const seen = units.reduce((sum, unit) => sum + unit.listed, 0);
  const changedBlocks = units.reduce((sum, unit) => sum + unit.blocks, 0);
  if (seen !== listedBlocks || (method !== 'compare' && changedBlocks !== listedBlocks)) {
    throw new Failure(
      'TransferFailed',
      `${transfer.volume}: of ${listedBlocks} blocks that may have changed, ${seen} were looked at and ${changedBlocks} written. Nothing was switched; start the operation again.`,
    );
  }
  if (!wasRequested) await services.catalogue.updateTransfer(operation, transfer.id, { changedBlocks });
  try {
    await completeSnapshot(
      services.client(ebsClient, transfer.far.region),
      target,
      changedBlocks,
      Buffer.concat(units.map(({ digests }) => digests)),
    );
  } catch (error) {
    const isRejected = error instanceof AwsFailure && error.code === 'AwsRejected';
    const isUnderWay = isRejected && (wasRequested || (await isCompleted(services, input)));
    const isTooYoung = isNotVisibleYet(error) && ageSeconds < visibleAfterSeconds;
    if (!isUnderWay && !isTooYoung) throw error;
    if (isTooYoung) return;
  }
  await services.catalogue.updateTransfer(operation, transfer.id, { isCompleting: true });
}

async function isCompleted({ client }: Services, { transfer, target }: CompleteInput): Promise<boolean> {
  const snapshots = await describeSnapshots(client(ec2Client, transfer.far.region), [target]);
  return snapshots.get(target)?.state === 'completed';
}

/**
 * Lists target against base: as many blocks must differ as were written. Where AWS does not take the two for related, count and
 * checksum of the completion must do, and that is said. @source aws-facts [2.7]
 */
async function verify(services: Services, input: CompleteInput, changedBlocks: number): Promise<void> {
  const { operation, transfer, target } = input;
  const listed = await countChanged(services, { ...transfer.far, snapshot: target, sizeGib: transfer.sizeGib });
  if (listed === undefined) {
    const note = `${target} could not be listed against ${transfer.far.base}: its count and checksum were accepted`;
    await services.catalogue.addEvent(operation, services.now(), note);
  } else if (listed !== changedBlocks) {
    throw new Failure(
      'TransferFailed',
      `${transfer.volume}: ${target} differs from ${transfer.far.base} in ${listed} blocks, expected ${changedBlocks}. It is not used; start the operation again.`,
    );
  }
}
