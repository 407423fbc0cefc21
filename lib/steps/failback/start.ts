import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, startInstances } from '../../aws/instances.ts';
import type { MoreOfEvent } from '../../domain/event.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { mayWrite } from '../../domain/fence.ts';
import { isNewAtHome } from '../../domain/homes.ts';
import { launchSecond } from '../../domain/pace.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { type BringUpInput, noteBroughtUp, untilTurn } from '../waves/bring-up.ts';
import { giveBackGroups } from '../waves/isolate.ts';
import { orLeaveOut } from '../waves/leave-out.ts';
import { launchHome } from './launch-home.ts';

const startSecondsMax = 900;

/**
 * Starts one original instance, in the security groups that it had, with its rebuilt volumes, or with its own where the failover had left it out; or launches the one that comes home in its
 * place. Unless the failback goes on without it.
 */
export async function start(services: Services, input: BringUpInput): Promise<PollResult> {
  const { fence } = await services.proveEpoch(input);
  assertInvariant(!mayWrite(fence), 'I1', `the fence of the primary of plan ${input.plan} is ${fence?.status}`);
  return noteBroughtUp(services, input, () => orLeaveOut(services, input, 'primary', () => moveOn(services, input)));
}

async function moveOn(services: Services, input: BringUpInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const isNew = isNewAtHome(await services.catalogue.operationOf(input), input.server);
  // A launch waits for its turn itself.
  const early = isNew ? undefined : untilTurn(services, input, launchSecond(input.index));
  if (early !== undefined) return early;
  const wave = plan.servers[input.server]?.wave ?? 1;
  await services.catalogue.progress(input, { progression: `starting wave ${wave}` }, services.now());
  return isNew ? launchHome(services, input, plan) : startOriginal(services, input, plan);
}

async function startOriginal(services: Services, input: BringUpInput, plan: Plan): Promise<PollResult> {
  const ec2 = services.client(ec2Client, plan.primary.region);
  const id = plan.servers[input.server]?.instance ?? '';
  const [instance] = await describeInstances(ec2, [id]);
  const isRunning = instance?.state === 'running';
  // Before it starts: it must not come up and be reached by nobody.
  if (instance !== undefined) await giveBackGroups(services, input, [instance]);
  if (instance?.state === 'stopped') {
    await startInstances(ec2, [id]);
    await note(services, input, `started as ${id}`, { instance: id, reached: 'started' });
  }
  if (isRunning) await note(services, input, `runs as ${id}`, { instance: id, reached: 'running' });
  return nextPollWithin(input.poll, isRunning, services.now(), {
    withinSeconds: startSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `Instance ${id} of server ${input.server} did not start within ${startSecondsMax} s: ${instance?.stateReason ?? 'it is gone'}. Look at the keys of its volumes.`,
      ),
  });
}

async function note(
  { catalogue, now }: Services,
  { operation, server }: BringUpInput,
  text: string,
  how: MoreOfEvent,
): Promise<void> {
  await catalogue.addEvent(operation, now(), text, { server, ...how });
}
