import type { z } from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, type InstanceFacts, originOf, typesWithLocalDisks } from '../../aws/instances.ts';
import { describeVolumes, encryptsByDefault } from '../../aws/volumes.ts';
import { refusalsOf } from '../../domain/eligibility.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Services } from '../services.ts';
import type { abortSchema } from './abort.ts';

/**
 * Looks at every server of the plan before anything is captured. A recovery point is whole or nothing (I2), so one server that cannot
 * be protected honestly stops the point, and all of them are named at once. @throws Failure ServerRefused
 */
export async function select(services: Services, input: z.infer<typeof abortSchema>): Promise<{ servers: number }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const servers = Object.entries(plan.servers);
  const found = await describeInstances(
    ec2,
    servers.map(([, { instance }]) => instance),
  );
  const withDisks = await typesWithLocalDisks(ec2, [...new Set(found.map(({ raw }) => raw.InstanceType ?? ''))]);
  const noWayHome = await unencryptedAgainstDefault(ec2, found);
  const refused = servers.flatMap(([name, server]) => {
    const facts = found.find(({ id }) => id === server.instance);
    const reasons =
      facts === undefined
        ? [`was not found in ${plan.primary.region}. Take it out of the plan, or name the instance that replaced it`]
        : [
            ...refusalsOf(originOf(facts, withDisks), { ignoresLocalDisks: server.ignoreLocalDisks ?? false }),
            ...noWayHome(facts, plan.primary.region),
          ];
    return reasons.map((reason) => `${name} (${server.instance}) ${reason}.`);
  });
  if (refused.length > 0) throw new Failure('ServerRefused', refusalText(plan, refused));
  return { servers: servers.length };
}

/**
 * Where a Region encrypts by default, AWS starts no snapshot on an unencrypted one: the deltas of a failback could not be written.
 * @source aws-facts [2.3]
 */
async function unencryptedAgainstDefault(ec2: ReturnType<typeof ec2Client>, found: readonly InstanceFacts[]) {
  const isDefault = await encryptsByDefault(ec2);
  const attached = found.flatMap(({ volumes }) => volumes.map(({ volumeId }) => volumeId));
  const volumesOf = await describeVolumes(ec2, attached);
  const ids = new Set(volumesOf.filter(({ isEncrypted }) => isDefault && !isEncrypted).map(({ id }) => id));
  return ({ volumes }: InstanceFacts, region: string): string[] => {
    const devices = volumes.filter(({ volumeId }) => ids.has(volumeId)).map(({ device }) => device);
    if (devices.length === 0) return [];
    return [
      `has ${devices.join(', ')} unencrypted while ${region} encrypts by default, so nothing could be written home onto their snapshots. Encrypt them, or switch encryption by default off`,
    ];
  };
}

function refusalText(plan: Plan, refused: readonly string[]): string {
  return `Plan ${plan.name} cannot be protected. ${refused.join(' ')} Nothing was captured; correct this and deploy the plan.`;
}
