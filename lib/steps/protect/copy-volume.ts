import { AwsFailure } from '../../aws/call.ts';
import { ec2Client, ec2OnceClient } from '../../aws/clients.ts';
import { type CopyRequest, copySnapshot, findSnapshots, type SnapshotFacts } from '../../aws/snapshots.ts';
import { type PointVolume, volumeKey } from '../../domain/catalogue.ts';
import { snapshotId } from '../../domain/ids.ts';
import { Failure } from '../../domain/failure.ts';
import { timedDollarsPerGib, withinMinutes } from '../../domain/native-copy.ts';
import { createOnce } from '../operation/create-once.ts';
import { isCopyEncrypted, type Look, lastedSeconds, secondsLeft } from './look.ts';

export const copyPurpose = 'recovery-point-copy';

export function copyStep({ input }: Look, server: string, { device, failedCopy }: PointVolume): string {
  return `${input.point}/${server}/${device}${failedCopy === undefined ? '' : '/again'}`;
}

/** A copy that ended in error is made once more: AWS may have had a bad moment. The second time it is the key, or something that stays. */
export function afterFailedCopy(
  { plan, notes }: Look,
  server: string,
  volume: PointVolume,
  { id, message }: SnapshotFacts,
): PointVolume {
  const what = `Copy ${id} of ${volumeKey(server, volume.device)} ended in error: ${message}`;
  if (volume.failedCopy !== undefined)
    throw new Failure(
      'CopyFailed',
      `${what}, and ${volume.failedCopy} before it. Check the key in ${plan.recovery.region}; the next point starts anew.`,
    );
  notes.push(`${what}. It is made once more.`);
  return { ...volume, copy: null, failedCopy: id };
}

/** Other plans and other tools copy too. Where one of them takes the last place meanwhile, AWS says so, and the repeat of the step sees it. */
export async function beginCopy(look: Look, server: string, volume: PointVolume): Promise<PointVolume> {
  const { services, input } = look;
  const { primary, recovery } = look.plan;
  const { plan, operation, point } = input;
  const step = copyStep(look, server, volume);
  const owner = { plan, operation, purpose: copyPurpose, step, point, server, device: volume.device };
  const request: CopyRequest = {
    sourceRegion: primary.region,
    sourceSnapshot: volume.snapshot,
    key: (await isCopyEncrypted(look, volume)) ? recovery.key : undefined,
    withinMinutes: await minutesOf(look, volume),
    owner,
  };
  const copy = await createOnce(services, input, step, {
    made: snapshotId,
    find: async () => (await findSnapshots(services.client(ec2Client, recovery.region), owner))[0]?.id,
    make: () => copyInTime(look, volumeKey(server, volume.device), request),
  });
  return { ...volume, copy };
}

async function minutesOf(look: Look, { estimated }: PointVolume): Promise<number | undefined> {
  if (look.plan.protection.timeBasedCopies !== true || estimated === undefined) return undefined;
  return withinMinutes(estimated, await secondsLeft(look));
}

/** Where AWS does not take a time-based copy, its quota used up for one, a usual one is begun, and that is said. @source aws-facts [1.7] */
async function copyInTime({ services, plan, notes }: Look, key: string, request: CopyRequest): Promise<string> {
  const ec2 = services.client(ec2OnceClient, plan.recovery.region);
  const { withinMinutes: minutes, ...usual } = request;
  if (minutes === undefined) return copySnapshot(ec2, usual);
  try {
    const copy = await copySnapshot(ec2, request);
    const price = `$${timedDollarsPerGib(minutes)} for each GiB`;
    notes.push(`${key} is copied within ${minutes} minutes, for ${price}: the target would be missed otherwise.`);
    return copy;
  } catch (error) {
    const isRefused = error instanceof AwsFailure && (error.code === 'AwsBusy' || error.code === 'AwsRejected');
    if (!isRefused) throw error;
    const copy = await copySnapshot(ec2, usual);
    notes.push(`${key} is copied as fast as AWS can, though the target may be missed: ${error.message}`);
    return copy;
  }
}

/** A completed copy with what AWS tells of it. */
export function completed(
  volume: PointVolume,
  { startedAt, completedAt, withinMinutes: minutes }: SnapshotFacts,
): PointVolume {
  return {
    ...volume,
    isComplete: true,
    ...(completedAt === undefined ? {} : { measured: { seconds: lastedSeconds(startedAt, completedAt) } }),
    ...(minutes === undefined ? {} : { withinMinutes: minutes }),
  };
}
