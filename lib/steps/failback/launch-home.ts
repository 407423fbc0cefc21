import { ec2Client } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/instances.ts';
import { assertInvariant } from '../../domain/failure.ts';
import { asNewAtHome } from '../../domain/launch-site.ts';
import type { Plan } from '../../domain/plan.ts';
import type { PollResult } from '../../domain/poll.ts';
import { launchServer } from '../failover/launch.ts';
import { imageOf } from '../operation/images.ts';
import type { Services } from '../services.ts';
import type { BringUpInput } from '../waves/bring-up.ts';
import { instancesOf, serversAway } from '../waves/site.ts';
import { finalTwins } from './final-twins.ts';

/**
 * Brings one server home as a new instance, from the content of the final round: its lineage goes on with the volumes of that. Not before nothing is written any
 * more where production was (I1, I4): what is launched is production.
 */
export async function launchHome(services: Services, input: BringUpInput, plan: Plan): Promise<PollResult> {
  const { catalogue } = services;
  const { server } = input;
  const operation = await catalogue.operationOf(input);
  const captured = await imageOf(services, operation, server);
  const twins = finalTwins(await catalogue.twins(plan.name), { operation, captured, server });
  if ((operation.servers[server]?.instance ?? null) === null) await refuseServing(services, input);
  const look = await launchServer(services, input, asNewAtHome(plan), operation);
  const instance = (await catalogue.operationOf(input)).servers[server]?.instance ?? null;
  if (!look.done || instance === null) return look;
  const [facts] = await describeInstances(services.client(ec2Client, plan.primary.region), [instance]);
  for (const twin of twins) {
    const device = twin.volume.slice(server.length + 1);
    const primaryVolume = facts?.volumes.find((volume) => volume.device === device)?.volumeId;
    assertInvariant(primaryVolume !== undefined, 'I4', `${instance} came up without ${twin.volume}`);
    if (twin.primaryVolume !== primaryVolume) await catalogue.addTwin({ ...twin, primaryVolume });
  }
  return look;
}

async function refuseServing(services: Services, input: BringUpInput): Promise<void> {
  const away = await instancesOf(services, input, 'recovery', await serversAway(services, input));
  const serving = [...away].filter(([, { state }]) => state !== 'stopped' && state !== 'terminated');
  assertInvariant(
    serving.length === 0,
    'I1',
    `server ${input.server} is about to be launched at home, and ${serving.map(([name]) => name).join(', ')} still runs`,
  );
}
