import type * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, type InstanceFacts, isEnding } from '../../aws/instances.ts';
import { readLaunchSettings, readUserData } from '../../aws/launch-settings.ts';
import { recordOf } from '../../aws/tags.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import type { LaunchConfiguration } from '../../domain/launch-configuration.ts';
import type { Services } from '../services.ts';
import type { captureSchema } from './capture.ts';

/**
 * Adds to a captured server what a launch needs to know of it, settings and user data. It goes on beside the copies: eight calls a server,
 * of the twenty a second that AWS allows, would keep the snapshots of the servers after it waiting.
 * @throws Failure SnapshotFailed when the instance is gone by now
 */
export async function describe(
  services: Services,
  { plan: name, point, server, ...context }: z.infer<typeof captureSchema>,
): Promise<{ described: true }> {
  const plan = services.plan(name);
  await services.proveEpoch({ ...context, plan: name });
  const captured = await services.catalogue.pointServer(name, point, server);
  assertInvariant(
    captured !== undefined,
    'I2',
    `server ${server} of point ${point} is described and was never captured`,
  );
  if (captured.configuration.settings !== undefined) return { described: true };
  const ec2 = services.client(ec2Client, plan.primary.region);
  const { instance } = captured.configuration;
  const [facts] = await describeInstances(ec2, [instance]);
  if (facts === undefined || isEnding(facts))
    throw new Failure(
      'SnapshotFailed',
      `Instance ${instance} of server ${server} was snapshotted and is gone before its settings were read. The next point starts anew.`,
    );
  const userData = await readUserData(ec2, instance);
  const configuration = { ...configurationOf(facts), userData, settings: await readLaunchSettings(ec2, facts) };
  await services.catalogue.setPointConfiguration({ plan: name, point, server }, configuration);
  return { described: true };
}

/** What one look at an instance tells of it. @source aws-facts [3.7] */
export function configurationOf({ id, zone, raw }: InstanceFacts): LaunchConfiguration {
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
    userData: null,
    ebsOptimized: raw.EbsOptimized ?? false,
    httpTokens: raw.MetadataOptions?.HttpTokens ?? null,
    tags: recordOf(raw.Tags),
  };
}
