import type * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import {
  describeInstances,
  findTaggedInstances,
  type InstanceFacts,
  originOf,
  typesWithLocalDisks,
} from '../../aws/instances.ts';
import { tagValue } from '../../aws/tags.ts';
import { describeVolumes, encryptsByDefault } from '../../aws/volumes.ts';
import { isDrill } from '../../domain/drill.ts';
import { refusalsOf } from '../../domain/eligibility.ts';
import { Failure } from '../../domain/failure.ts';
import { atHome, type Homes } from '../../domain/homes.ts';
import { homeServer } from '../../domain/launch-site.ts';
import { publicRecordsOf } from '../../domain/launch-network.ts';
import { type Candidate, type Members, membersChanged, selectMembers, withMembers } from '../../domain/members.ts';
import type { Plan } from '../../domain/plan.ts';
import { tell } from '../operation/tell.ts';
import type { Context, Services } from '../services.ts';
import type { abortSchema } from './abort.ts';

type SelectInput = z.infer<typeof abortSchema>;

export interface CaptureItem extends Context {
  readonly point: string;
  readonly server: string;
  /** The server has commands to run around its snapshots. */
  readonly hasCommands?: true;
}

/**
 * Finds the servers of the plan, those that carry the tags of its groups included, and looks at each before anything is captured. A
 * recovery point is whole or nothing (I2), so one server that cannot be protected honestly stops the point, and all of them are named
 * at once. @throws Failure ServerRefused
 */
export async function select(services: Services, input: SelectInput): Promise<{ servers: readonly CaptureItem[] }> {
  const { homes } = await services.proveEpoch(input);
  const plan = atHome(services.plan(input.plan), homes);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const { members, claimedTwice } = selectMembers(plan, await candidatesOf(ec2, plan, homes), homes);
  const refused = [
    ...claimedTwice.map((what) => `${what}: name one group per server.`),
    ...(Object.keys(members).length === 0 ? ['No instance carries the tags of its groups.'] : []),
    ...(await refusals(ec2, withMembers(plan, members))),
  ];
  if (refused.length > 0) throw new Failure('ServerRefused', refusalText(plan, refused));
  await services.catalogue.updatePoint(plan.name, input.point, { members });
  await sayChanges(services, input, members);
  const { point, plan: name, operation, epoch } = input;
  const found = withMembers(plan, members).servers;
  const servers = Object.keys(members).map((server) => ({
    ...{ plan: name, operation, epoch, point, server },
    ...(found[server]?.consistency === undefined ? {} : { hasCommands: true as const }),
  }));
  return { servers };
}

async function candidatesOf(
  ec2: ReturnType<typeof ec2Client>,
  { name, groups }: Plan,
  homes: Homes = {},
): Promise<Candidate[]> {
  const isHome = (id: string) => Object.values(homes).some(({ instance }) => instance === id);
  const found: Candidate[] = [];
  for (const [group, { tags }] of Object.entries(groups))
    for (const { id, raw } of await findTaggedInstances(ec2, tags)) {
      // Drills of the way home launch copies with the tags of their originals, and so do failbacks, of which one may have been undone while nobody could end them.
      const isOfPlan = tagValue(raw.Tags, 'plan') === name && tagValue(raw.Tags, 'purpose') === homeServer;
      const isCopy = isDrill(tagValue(raw.Tags, 'operation') ?? '') || isOfPlan;
      if (!isCopy || isHome(id)) found.push({ group, instance: id });
    }
  return found;
}

async function refusals(ec2: ReturnType<typeof ec2Client>, { primary, servers: of, traffic }: Plan): Promise<string[]> {
  const servers = Object.entries(of);
  const found = await describeInstances(
    ec2,
    servers.map(([, { instance }]) => instance),
  );
  const withDisks = await typesWithLocalDisks(ec2, [...new Set(found.map(({ raw }) => raw.InstanceType ?? ''))]);
  const noWayHome = await unencryptedAgainstDefault(ec2, found);
  return servers.flatMap(([name, server]) => {
    const facts = found.find(({ id }) => id === server.instance);
    const reasons =
      facts === undefined
        ? [`was not found in ${primary.region}. Take it out of the plan, or name the instance that replaced it`]
        : [
            ...refusalsOf(originOf(facts, withDisks), {
              ignoresLocalDisks: server.ignoreLocalDisks ?? false,
              publicRecords: publicRecordsOf(name, traffic),
            }),
            ...noWayHome(facts, primary.region),
          ];
    return reasons.map((reason) => `${name} (${server.instance}) ${reason}.`);
  });
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

/**
 * A server that a group picked for the last available point and picks no more is told to somebody: it was terminated, or lost its tags,
 * and from now on no new point holds it. The older points do.
 */
async function sayChanges(services: Services, input: SelectInput, members: Members): Promise<void> {
  const before = await services.catalogue.newestAvailable(input.plan);
  if (before === undefined) return;
  const { come, gone } = membersChanged(before.members, members);
  const note = (text: string) => services.catalogue.addEvent(input.operation, services.now(), text);
  if (come.length > 0) await note(`protected from now on: ${come.join(', ')}`);
  if (gone.length === 0) return;
  const text = `no longer found by the tags of its group, and in no new recovery point: ${gone.join(', ')}. Point ${before.id} is the last that holds it`;
  await note(text);
  await tell(
    services,
    `Homeward: servers of plan ${input.plan} are gone`,
    `Plan ${input.plan}: ${text}. Terminated on purpose? Then nothing is to be done. Otherwise give them their tags back.`,
  );
}

function refusalText(plan: Plan, refused: readonly string[]): string {
  return `Plan ${plan.name} cannot be protected. ${refused.join(' ')} Nothing was captured; correct this and deploy the plan.`;
}
