import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { Stage } from '../rehearsal/stage.ts';

const minuteMs = 60_000;

export interface VolumePlace {
  readonly region: string;
  readonly server: string;
  readonly device: string;
}

/**
 * Puts a new volume in the place of one of a running server, with the same content, as a person does who restores it with tools of
 * their own: AWS lists no changes between the two. Returns its id.
 * @param sizeGib as large as the old one unless given
 */
export async function replaceVolume(
  { clock, cloud, workload }: Stage,
  { region, server, device: Device }: VolumePlace,
  { sizeGib }: { readonly sizeGib?: number } = {},
): Promise<string> {
  const { ec2 } = cloud.services(region);
  const client = new EC2Client(cloud.clientConfig(region));
  const InstanceId = workload.instanceIn(region, server) ?? '';
  const old = ec2.volumesOf(InstanceId).get(Device) ?? '';
  const { blocks } = ec2.contentOf(old);
  const { Volumes } = await clock.settle(client.send(new DescribeVolumesCommand({ VolumeIds: [old] })));
  const { AvailabilityZone, Size, VolumeType, Encrypted, KmsKeyId } = Volumes?.[0] ?? {};
  const request = { AvailabilityZone, Size: sizeGib ?? Size, VolumeType, Encrypted, KmsKeyId };
  const { VolumeId = '' } = await clock.settle(client.send(new CreateVolumeCommand(request)));
  for (const [index, bytes] of blocks) ec2.writeBlocks(VolumeId, index, bytes);
  await clock.settle(client.send(new DetachVolumeCommand({ VolumeId: old })));
  await clock.advance(minuteMs);
  await clock.settle(client.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device })));
  await clock.advance(minuteMs);
  return VolumeId;
}

/** The same by somebody who tidies up: the new one has the tags of the old one, which is deleted. */
export async function takePlace(
  stage: Stage,
  place: VolumePlace,
  size: { readonly sizeGib?: number } = {},
): Promise<void> {
  const { ec2 } = stage.cloud.services(place.region);
  const { volumes } = ec2.state;
  const old = ec2.volumesOf(stage.workload.instanceIn(place.region, place.server) ?? '').get(place.device) ?? '';
  const made = await replaceVolume(stage, place, size);
  volumes.get(made)?.tags.push(...(volumes.get(old)?.tags ?? []));
  volumes.delete(old);
}
