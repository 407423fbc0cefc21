import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { describeInstances, startInstances } from '../../aws/instances.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import type { serverSchema } from '../failover/launch.ts';
import type { Services } from '../services.ts';
import { orLeaveOut } from '../waves/leave-out.ts';

const startSecondsMax = 900;

type StartInput = z.infer<typeof serverSchema>;

/** Starts one original instance with its rebuilt volumes, or with its own where the failover had left it out; unless the failback goes on without it. */
export async function start(services: Services, input: StartInput): Promise<PollResult> {
  const { fence } = await services.proveEpoch(input);
  assertInvariant(fence?.status !== 'owed', 'I1', `the primary of plan ${input.plan} has an owed fence`);
  return orLeaveOut(services, input, 'primary', () => bringUp(services, input));
}

async function bringUp(services: Services, input: StartInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const id = plan.servers[input.server]?.instance ?? '';
  const [instance] = await describeInstances(ec2, [id]);
  if (instance?.state === 'stopped') await startInstances(ec2, [id]);
  return nextPollWithin(input.poll, instance?.state === 'running', services.now(), {
    withinSeconds: startSecondsMax,
    overdue: () =>
      new Failure(
        'LaunchFailed',
        `Instance ${id} of server ${input.server} did not start within ${startSecondsMax} s: ${instance?.stateReason ?? 'it is gone'}. Look at the keys of its volumes.`,
      ),
  });
}
