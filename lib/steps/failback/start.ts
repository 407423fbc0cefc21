import { ec2Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { describeInstances, startInstances } from '../../aws/instances.ts';
import type { MoreOfEvent } from '../../domain/event.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult } from '../../domain/poll.ts';
import type { serverSchema } from '../failover/launch.ts';
import type { Services } from '../services.ts';

const startSecondsMax = 900;

type StartInput = z.infer<typeof serverSchema>;

/** Starts one original instance with its rebuilt volumes. */
export async function start(services: Services, input: StartInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const { fence } = await services.proveEpoch(input);
  if (fence?.status === 'owed')
    throw new Failure('BrokenInvariant', `I1 would be broken: the primary of plan ${plan.name} has an owed fence`);
  const wave = plan.servers[input.server]?.wave ?? 1;
  await services.catalogue.progress(input, { progression: `starting wave ${wave}` }, services.now());
  const ec2 = services.client(ec2Client, plan.primary.region);
  const id = plan.servers[input.server]?.instance ?? '';
  const [instance] = await describeInstances(ec2, [id]);
  const isRunning = instance?.state === 'running';
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
        `Instance ${id} of server ${input.server} did not start within ${startSecondsMax} s: ${instance?.stateReason ?? 'it is gone'}. Look at the keys of its volumes, then start the failback again.`,
      ),
  });
}

async function note(
  { catalogue, now }: Services,
  { operation, server }: StartInput,
  text: string,
  how: MoreOfEvent,
): Promise<void> {
  await catalogue.addEvent(operation, now(), text, { server, ...how });
}
