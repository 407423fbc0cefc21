import { ec2Client } from '../../aws/clients.ts';
import { setDeleteOnTermination } from '../../aws/instance-attributes.ts';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import { attachVolume, createVolume, describeVolumes, detachVolume, markResource } from '../../aws/volumes.ts';
import { tokenOf } from '../../aws/token.ts';
import type { PointVolume, SwappedVolume, Twin } from '../../domain/catalogue.ts';
import { corrupt } from '../../domain/corrupt.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import * as z from 'zod';
import { imageOf } from '../operation/images.ts';
import { contextSchema, type Services } from '../services.ts';
import { finalTwins } from './final-twins.ts';

export const rebuildSchema = contextSchema.extend({ server: z.string(), poll: pollSchema });
type RebuildInput = z.infer<typeof rebuildSchema>;

/**
 * Swaps the volumes of one original instance in place: a volume from each final twin, in the old one's place. Same instance
 * id, addresses and licence. The old volumes are kept, tagged (I5). @source aws-facts [3.6]
 */
export async function rebuild(services: Services, input: RebuildInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: 'rebuilding volumes' }, services.now());
  const instanceId = plan.servers[input.server]?.instance ?? '';
  const [instance] = await describeInstances(services.client(ec2Client, plan.primary.region), [instanceId]);
  if (instance?.state !== 'stopped')
    throw new Failure(
      'PrimaryNotReachable',
      `Instance ${instanceId} of server ${input.server} is ${instance?.state ?? 'gone'}, it must be stopped to swap its volumes. Stop it and start the failback again.`,
    );
  const operation = await services.catalogue.operationOf(input);
  const captured = await imageOf(services, operation, input.server);
  const twins = finalTwins(await services.catalogue.twins(plan.name), { operation, captured, server: input.server });
  let isDone = true;
  for (const twin of twins) {
    const swapped = operation.swapped[twin.volume];
    const volume = captured?.volumes[twin.volume.slice(input.server.length + 1)];
    const isSwapped = await swap(services, input, { instance, twin, swapped, captured: volume });
    isDone &&= isSwapped;
  }
  return nextPollWithin(input.poll, isDone, services.now(), {
    withinSeconds: swapSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `The volumes of server ${input.server} could not be swapped on ${instanceId} within ${swapSecondsMax} s. Look at what attaches and detaches there, then start the failback again.`,
      ),
  });
}

/** A volume whose key cannot be used vanishes; one that was created a moment ago may not be seen yet. @source aws-facts [3.6] */
const buildSecondsMax = 300;
const swapSecondsMax = 1_800;

interface Swap {
  readonly instance: InstanceFacts;
  readonly twin: Twin;
  /** As the operation has noted it, once it has. */
  readonly swapped: SwappedVolume | undefined;
  /** The volume as the recovery point holds it. */
  readonly captured: PointVolume | undefined;
}

/** One volume, one step on: created → old one detached → attached. Returns whether it is in place. */
async function swap(
  services: Services,
  input: RebuildInput,
  { instance, twin, swapped: known, captured }: Swap,
): Promise<boolean> {
  const plan = services.plan(input.plan);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const device = twin.volume.slice(input.server.length + 1);
  const owner = { plan: plan.name, operation: input.operation, server: input.server, device };
  const present = instance.volumes.find((volume) => volume.device === device);
  const created =
    known?.new ??
    (await createVolume(ec2, {
      snapshot: twin.primarySnapshot,
      zone: instance.zone,
      volumeType: captured?.volumeType ?? 'gp3',
      iops: captured?.iops ?? null,
      throughput: captured?.throughput ?? null,
      tags: captured?.tags ?? {},
      token: tokenOf(input.operation, twin.volume, twin.primarySnapshot),
      owner: { ...owner, purpose: 'failback-volume', step: `rebuild/${twin.volume}` },
    }));
  if (known === undefined && present?.volumeId === created)
    throw corrupt(
      `PLAN#${plan.name} / OP#${input.operation}`,
      `swapped.${twin.volume}: is missing, though ${created} is in place`,
    );
  const swapped: SwappedVolume = known ?? { old: present?.volumeId ?? '', new: created };
  if (known === undefined) await services.catalogue.updateOperationEntry(input, 'swapped', twin.volume, swapped);
  if (twin.primaryVolume !== swapped.new) await services.catalogue.addTwin({ ...twin, primaryVolume: swapped.new });
  if (present?.volumeId === swapped.new) {
    if (present.status !== 'attached') return false;
    await setDeleteOnTermination(ec2, instance.id, device, captured?.deleteOnTermination ?? false);
    return true;
  }
  if (present !== undefined) {
    if (present.status !== 'attached') return false;
    await markResource(ec2, present.volumeId, {
      ...owner,
      purpose: 'replaced-volume',
      step: `replaced/${twin.volume}`,
    });
    await detachVolume(ec2, present.volumeId, instance.id);
    return false;
  }
  const [volume] = await describeVolumes(ec2, [swapped.new]);
  const isOverdue = pollingSeconds(input.poll, services.now()) > buildSecondsMax;
  if (volume?.state === 'error' || (volume === undefined && isOverdue))
    throw new Failure(
      'LaunchFailed',
      `Volume ${swapped.new} for ${twin.volume} could not be built from ${twin.primarySnapshot}. Check its key in ${plan.primary.region}, then start the failback again.`,
    );
  if (volume?.state === 'available') await attachVolume(ec2, swapped.new, instance.id, device);
  return false;
}
