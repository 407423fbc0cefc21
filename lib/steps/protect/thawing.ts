import { AwsFailure } from '../../aws/call.ts';
import { ec2Client, ssmClient } from '../../aws/clients.ts';
import { readCommand, sendScript } from '../../aws/commands.ts';
import { describeInstances } from '../../aws/instances.ts';
import { thawScript } from '../../domain/consistency.ts';
import { type Freeze, newFreeze } from '../../domain/freeze.ts';
import type { Plan } from '../../domain/plan.ts';
import { tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';

/** One thaw command may take so long; then it is sent again. */
const thawRunSeconds = 60;

/**
 * Moves the thaw of one server a step on and gives the freeze as it is then: sends the command, looks what became of it, sends it again where it
 * failed or no agent took it. Nothing but the answer of the server counts as thawed, or that it does not run. It does not prove its epoch: an
 * operation that has lost its plan must thaw what it froze all the same, and the script thaws nothing else.
 */
export async function advanceThaw(services: Services, plan: Plan, freeze: Freeze): Promise<Freeze> {
  if (freeze.thawedAt !== null) return freeze;
  const asked =
    freeze.thawRequestedAt === null
      ? await change(services, freeze, { thawRequestedAt: services.now().toISOString() })
      : freeze;
  try {
    return await sendOrLook(services, plan, asked);
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    if (error.awsName === 'InvalidInstanceId' && (await isGone(services, plan, asked)))
      return change(services, asked, { thawedAt: services.now().toISOString() });
    return asked;
  }
}

async function sendOrLook(services: Services, plan: Plan, freeze: Freeze): Promise<Freeze> {
  const { instance, server, point, thawCommand, operation } = freeze;
  const ssm = services.client(ssmClient, plan.primary.region);
  if (thawCommand === null) {
    const script = { instance, lines: thawScript(point), comment: `Homeward: thaw ${server} after ${point}` };
    return change(services, freeze, {
      thawCommand: await sendScript(ssm, { ...script, runSecondsMax: thawRunSeconds }),
    });
  }
  const seen = await readCommand(ssm, thawCommand, instance);
  if (seen.kind === 'succeeded' || (await neverCame(ssm, freeze)))
    return change(services, freeze, { thawedAt: services.now().toISOString() });
  if (seen.kind === 'under-way') return freeze;
  const text = `server ${server} was not thawed: ${seen.reason}. The command is sent again.`;
  await services.catalogue.addEvent(operation, services.now(), text);
  return change(services, freeze, { thawCommand: null });
}

/** What no agent took freezes nothing, and AWS does not deliver it any more. */
async function neverCame(ssm: ReturnType<typeof ssmClient>, { command, frozenAt, instance }: Freeze): Promise<boolean> {
  return command !== null && frozenAt === null && (await readCommand(ssm, command, instance)).kind === 'undelivered';
}

export interface Run {
  readonly operation: string;
  readonly point: string;
}

/**
 * Lets no freeze of a run happen any more, and moves the thaw of those that have on by one step. Gives those that are not known to be over, of this
 * run and of those before it. A function of the run that was cut off may be about to note its freeze: what is noted here in its place keeps it from
 * that, and what it has noted is thawed here. Points tell which run is older; what a newer one froze is its own.
 */
export async function endFreezes(services: Services, plan: Plan, run: Run): Promise<Freeze[]> {
  const known = new Map((await services.catalogue.freezes(plan.name)).map((freeze) => [freeze.server, freeze]));
  const servers = Object.entries(plan.servers).filter(([, { consistency }]) => consistency !== undefined);
  const ended = await Promise.all(
    servers.map(([server, { instance }]) =>
      endFreeze(services, plan, neverFrozen(services, plan, { server, instance, run }), known.get(server)),
    ),
  );
  return ended.filter((freeze) => freeze !== undefined);
}

/** @param never what is noted where the run has noted no freeze of the server. Gives what is not over. */
async function endFreeze(
  services: Services,
  plan: Plan,
  never: Freeze,
  last: Freeze | undefined,
): Promise<Freeze | undefined> {
  const { catalogue } = services;
  if (last !== undefined && last.point > never.point) return undefined;
  const moved = last === undefined ? undefined : await advanceThaw(services, plan, last);
  if (moved !== undefined && moved.thawedAt === null) return moved;
  if (moved?.operation === never.operation || (await catalogue.claimFreeze(never, last))) return undefined;
  return endFreeze(services, plan, never, await catalogue.freeze(plan.name, never.server));
}

function neverFrozen(
  { now }: Services,
  plan: Plan,
  { server, instance, run }: { server: string; instance: string; run: Run },
): Freeze {
  const { operation, point } = run;
  const never = newFreeze({ plan: plan.name, server, operation, point, instance }, now(), 0);
  return { ...never, thawRequestedAt: never.requestedAt, thawedAt: never.requestedAt };
}

/** Where the next freeze of the server has taken its place, this one is over. */
async function change(services: Services, freeze: Freeze, fields: Partial<Freeze>): Promise<Freeze> {
  const isLast = await services.catalogue.updateFreeze(freeze, fields);
  return isLast ? { ...freeze, ...fields } : { ...freeze, thawedAt: services.now().toISOString() };
}

/** An instance that does not run holds no file system frozen: a freeze does not outlive a boot. */
async function isGone({ client }: Services, { primary }: Plan, { instance }: Freeze): Promise<boolean> {
  const [found] = await describeInstances(client(ec2Client, primary.region), [instance]);
  return found === undefined || found.state === 'stopped' || found.state === 'terminated';
}

/** What is said of servers of which no thaw is known. */
export function leftFrozen(plan: Plan, freezes: readonly Freeze[]): string {
  const named = freezes.map(
    ({ server, instance, endsAt }) => `${server} (${instance}), which should have thawed by itself after ${endsAt}`,
  );
  return `Servers of plan ${plan.name} may still be frozen: ${named.join('; ')}. Look at them now and run their thaw commands by hand: "Server left frozen" of the runbook.`;
}

/** Tells people at once, and beside the operation. */
export async function tellLeftFrozen(services: Services, plan: Plan, freezes: readonly Freeze[]): Promise<void> {
  const text = leftFrozen(plan, freezes);
  const [first] = freezes;
  if (first !== undefined) await services.catalogue.addEvent(first.operation, services.now(), text);
  const subject = `Homeward: servers of plan ${plan.name} may be frozen`;
  await tell(services, subject, text);
}
