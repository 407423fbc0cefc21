import { ec2Client } from '../../aws/clients.ts';
import { z } from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import { readLaunchSettings, readUserData } from '../../aws/launch-settings.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { describeVolumes } from '../../aws/volumes.ts';
import type { PointVolume } from '../../domain/catalogue.ts';
import { carriedTags } from '../../domain/carried.ts';
import { Failure } from '../../domain/failure.ts';
import type { LaunchConfiguration, LaunchSettings } from '../../domain/launch-configuration.ts';
import { snapshotOnce } from '../operation/snapshot-once.ts';
import { contextSchema, type Services } from '../services.ts';

export const captureSchema = contextSchema.extend({ point: z.string(), server: z.string() });

/** Captures one server: its launch configuration, and one snapshot set of all its volumes. */
export async function capture(
  services: Services,
  input: z.infer<typeof captureSchema>,
): Promise<{ snapshots: number }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const header = await services.catalogue.pointHeader(plan.name, input.point);
  const instance = header?.members[input.server]?.instance;
  if (instance === undefined)
    throw new Failure('InvalidInput', `Point ${input.point} of plan ${plan.name} has no server ${input.server}.`);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const [facts] = await describeInstances(ec2, [instance]);
  if (facts === undefined)
    throw new Failure(
      'SnapshotFailed',
      `Instance ${instance} of server ${input.server} was not found in ${plan.primary.region}. Correct the plan and deploy it.`,
    );
  const { plan: name, operation, point, server } = input;
  const owner = { plan: name, operation, purpose: 'recovery-point', step: `${point}/${server}`, point, server };
  const snapshots = await snapshotOnce(services, input, plan.primary.region, { instance: facts, owner });
  // After the snapshots, so that looking takes nothing of the time between those of different servers.
  const userData = await readUserData(ec2, instance);
  const configuration = configurationOf(facts, userData, await readLaunchSettings(ec2, facts));
  const startedAt = snapshots[0]?.startedAt ?? services.now().toISOString();
  const volumes = await volumesOf(services, plan.primary.region, facts, snapshots);
  await services.catalogue.addPointServer(name, point, server, { configuration, startedAt, volumes });
  return { snapshots: snapshots.length };
}

async function volumesOf(
  services: Services,
  region: string,
  facts: InstanceFacts,
  snapshots: readonly SnapshotFacts[],
): Promise<Record<string, PointVolume>> {
  const attached = await describeVolumes(
    services.client(ec2Client, region),
    facts.volumes.map(({ volumeId }) => volumeId),
  );
  const entries = facts.volumes.map(({ device, volumeId, deleteOnTermination }): [string, PointVolume] => {
    const volume = attached.find(({ id }) => id === volumeId);
    const snapshot = snapshots.find((candidate) => candidate.volumeId === volumeId);
    if (volume === undefined || snapshot === undefined) {
      throw new Failure(
        'SnapshotFailed',
        `Volume ${volumeId} (${device}) of ${facts.id} has no snapshot in its set: it was attached or detached during capture. The next point includes it.`,
      );
    }
    return [
      device,
      {
        device,
        volumeId,
        deleteOnTermination,
        sizeGib: snapshot.sizeGib,
        volumeType: volume.volumeType,
        iops: volume.iops,
        throughput: volume.throughput,
        isEncrypted: volume.isEncrypted,
        tags: carriedTags(volume.tags),
        snapshot: snapshot.id,
        copy: null,
        method: null,
        isComplete: false,
      },
    ];
  });
  return Object.fromEntries(entries);
}

/** @source aws-facts [3.7] */
function configurationOf(
  { id, zone, raw }: InstanceFacts,
  userData: string | null,
  settings: LaunchSettings,
): LaunchConfiguration {
  return {
    instance: id,
    instanceType: raw.InstanceType ?? '',
    architecture: raw.Architecture ?? 'x86_64',
    rootDevice: raw.RootDeviceName ?? '/dev/xvda',
    bootMode: raw.BootMode ?? null,
    tpmSupport: raw.TpmSupport ?? null,
    enaSupport: raw.EnaSupport ?? true,
    subnet: raw.SubnetId ?? '',
    zone,
    securityGroups: (raw.SecurityGroups ?? []).map(({ GroupId }) => GroupId ?? ''),
    keyName: raw.KeyName ?? null,
    instanceProfile: raw.IamInstanceProfile?.Arn ?? null,
    userData,
    ebsOptimized: raw.EbsOptimized ?? false,
    httpTokens: raw.MetadataOptions?.HttpTokens ?? null,
    tags: Object.fromEntries((raw.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    settings,
  };
}
