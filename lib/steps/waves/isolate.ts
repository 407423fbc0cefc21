import { ec2Client } from '../../aws/clients.ts';
import { setInterfaceGroups } from '../../aws/instance-attributes.ts';
import { type AttachedInterface, type InstanceFacts, isEnding } from '../../aws/instances.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { areSameGroups, groupsBefore, type IsolatedInterface } from '../../domain/fence.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context, Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { failoverOf } from './site.ts';

interface Cut {
  readonly instance: string;
  readonly each: AttachedInterface;
}

/**
 * Gives every network interface of the servers the isolation groups of the plan, and takes all others from it. Which ones it had is noted before, in the failover
 * behind which production runs or will, whoever pays its fence: there the way home looks for it. Returns the servers that nothing can connect to, as they were
 * described before this. Connections that were open go on. @source aws-facts [4.1]
 */
export async function isolateServers(
  services: Services,
  context: Context,
  plan: Plan,
  instances: readonly InstanceFacts[],
): Promise<InstanceFacts[]> {
  const given = plan.failover.isolationGroups ?? [];
  const failover = await failoverToNoteIn(services, context);
  const noted = { ...(await earlierNotes(services, plan.name)), ...failover.isolated };
  const isCut = ({ groups }: AttachedInterface) => areSameGroups(groups, given);
  const all = instances.filter((instance) => !isEnding(instance)).flatMap(cutsOf);
  const note = async ({ instance, each: { id } }: Cut, before: readonly string[]) => {
    const value: IsolatedInterface = { instance, before, given };
    await services.catalogue.updateOperationEntry({ ...context, operation: failover.id }, 'isolated', id, value);
  };
  for (const cut of all.filter(({ each }) => isCut(each) && failover.isolated?.[each.id] === undefined)) {
    const { before } = noted[cut.each.id] ?? {};
    if (before !== undefined) await note(cut, before);
  }
  const ec2 = services.client(ec2Client, plan.primary.region);
  const failures: unknown[] = [];
  await sideBySide(
    all.filter(({ each }) => !isCut(each)),
    async (cut) => {
      // One that cannot be cut off is no reason to leave the others open.
      try {
        await services.proveEpoch(context);
        await note(cut, groupsBefore(cut.each.groups, noted[cut.each.id]));
        await setInterfaceGroups(ec2, cut.each.id, given);
      } catch (error) {
        failures.push(error);
      }
    },
  );
  if (failures.length > 0) throw failures[0];
  return instances.filter((instance) => isEnding(instance) || instance.interfaces.every(isCut));
}

/**
 * Gives the interfaces of servers back the groups that they had when they were isolated. One whose groups somebody has changed since keeps what it has.
 * Returns whether none was still isolated, as the servers were described.
 */
export async function giveBackGroups(
  services: Services,
  context: Context,
  instances: readonly InstanceFacts[],
): Promise<boolean> {
  const { plan } = context;
  const { primary, failover } = services.plan(plan);
  const own = (await failoverOf(services, context))?.isolated ?? {};
  if (failover.isolationGroups === undefined && Object.keys(own).length === 0) return true;
  const isolated = { ...(await earlierNotes(services, plan)), ...own };
  const ec2 = services.client(ec2Client, primary.region);
  const cut = instances.flatMap(cutsOf).filter(({ each: { id, groups } }) => {
    const noted = isolated[id];
    return noted !== undefined && areSameGroups(groups, noted.given);
  });
  await sideBySide(cut, async ({ instance, each: { id } }) => {
    const before = isolated[id]?.before ?? [];
    await setInterfaceGroups(ec2, id, before);
    const note = `${id} of ${instance} has its security groups back: ${before.join(', ')}`;
    await services.catalogue.addEvent(context.operation, services.now(), note);
  });
  return cut.length === 0;
}

function cutsOf({ id, interfaces }: InstanceFacts): Cut[] {
  return interfaces.map((each) => ({ instance: id, each }));
}

async function failoverToNoteIn(services: Services, context: Context): Promise<Operation> {
  const failover = await failoverOf(services, context);
  if (failover === undefined)
    throw new Failure('BrokenInvariant', `I5 would be broken: plan ${context.plan} isolates without a failover`);
  // An entry needs its map, which operations that an earlier version opened do not have.
  if (failover.isolated === undefined)
    await services.catalogue.updateOperation({ ...context, operation: failover.id }, { isolated: {} });
  return failover;
}

/** What was noted of interfaces that may still be isolated: by every failover that was not undone, the newest counts. */
async function earlierNotes(services: Services, plan: string): Promise<NonNullable<Operation['isolated']>> {
  const moves = (await services.catalogue.moves(plan)).filter(({ outcome }) => outcome !== 'rolled-back');
  const notes = moves.toSorted((one, other) => one.epoch - other.epoch).map(({ isolated = {} }) => isolated);
  return Object.assign({}, ...notes) as NonNullable<Operation['isolated']>;
}

/**
 * Servers that carry the isolation groups of the plan, and of which nobody knows which groups they had, would serve nobody at home.
 * @throws Failure PreflightFailed
 */
export async function refuseUnnoted(
  services: Services,
  plan: Plan,
  instances: readonly InstanceFacts[],
): Promise<void> {
  const { isolationGroups } = plan.failover;
  if (isolationGroups === undefined) return;
  const isolated = instances.flatMap(cutsOf).filter(({ each }) => areSameGroups(each.groups, isolationGroups));
  const noted = isolated.length === 0 ? {} : await earlierNotes(services, plan.name);
  const unnoted = isolated.filter(({ each: { id } }) => noted[id] === undefined);
  if (unnoted.length === 0) return;
  throw new Failure(
    'PreflightFailed',
    `Nobody knows which security groups ${unnoted.map(({ instance, each: { id } }) => `${id} of ${instance}`).join(', ')} had before they were isolated. Give them back by hand, then start the failback again. Recovery goes on serving.`,
  );
}
