import { ec2Client } from '../../aws/clients.ts';
import { describeInstances, startInstances } from '../../aws/instances.ts';
import { Failure } from '../../domain/failure.ts';
import { launchSecond } from '../../domain/pace.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { type BringUpInput, noteBroughtUp, untilTurn } from '../waves/bring-up.ts';

const startSecondsMax = 900;

/** Starts one original instance with its rebuilt volumes. */
export async function start(services: Services, input: BringUpInput): Promise<PollResult> {
  return noteBroughtUp(services, input, () => moveOn(services, input));
}

async function moveOn(services: Services, input: BringUpInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const { fence } = await services.proveEpoch(input);
  if (fence?.status === 'owed')
    throw new Failure('BrokenInvariant', `I1 would be broken: the primary of plan ${plan.name} has an owed fence`);
  const early = untilTurn(services, input, launchSecond(input.index));
  if (early !== undefined) return early;
  const ec2 = services.client(ec2Client, plan.primary.region);
  const id = plan.servers[input.server]?.instance ?? '';
  const [instance] = await describeInstances(ec2, [id]);
  if (instance?.state === 'stopped') await startInstances(ec2, [id]);
  return nextPollWithin(input.poll, instance?.state === 'running', services.now(), {
    withinSeconds: startSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `Instance ${id} of server ${input.server} did not start within ${startSecondsMax} s: ${instance?.stateReason ?? 'it is gone'}. Look at the keys of its volumes, then start the failback again.`,
      ),
  });
}
