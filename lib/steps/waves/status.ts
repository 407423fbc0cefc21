import { z } from 'zod';
import { healthyInstances } from '../../aws/instances.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import { contextSchema, type Services } from '../services.ts';
import type { Probe } from './probe.ts';
import { instancesOf, regionOf, siteSchema } from './site.ts';

export const statusSchema = contextSchema.extend({ wave: z.number().int(), site: siteSchema, poll: pollSchema });

/**
 * First half of the health gate: all servers of the wave run and pass AWS's status checks. Returns what to probe next.
 * @throws Failure WaveUnhealthy, LaunchFailed
 */
export async function status(
  services: Services,
  input: z.infer<typeof statusSchema>,
): Promise<PollResult & { probes: readonly Probe[] }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  await services.catalogue.updateOperation(input, { progression: `wave ${input.wave}` });
  const servers = Object.entries(plan.servers).filter(([, { wave }]) => wave === input.wave);
  const instances = await instancesOf(
    services,
    input,
    input.site,
    servers.map(([name]) => name),
  );
  const dead = [...instances].find(([, { state }]) => state === 'terminated' || state === 'shutting-down');
  if (dead !== undefined)
    throw new Failure(
      'LaunchFailed',
      `Server ${dead[0]} of plan ${plan.name} is ${dead[1].state}: ${dead[1].stateReason}`,
    );
  const healthy = await healthyInstances(
    services.clients.ec2(regionOf(plan, input.site)),
    [...instances.values()].map(({ id }) => id),
  );
  const waiting = [...instances].filter(([, { id }]) => !healthy.has(id)).map(([name]) => name);
  const withinSeconds = Math.max(...servers.map(([, { health }]) => health.withinSeconds));
  if (waiting.length > 0 && pollingSeconds(input.poll, services.now()) > withinSeconds) {
    throw new Failure(
      'WaveUnhealthy',
      `Wave ${input.wave} of plan ${plan.name}: ${waiting.join(', ')} did not pass the instance status checks within ${withinSeconds} s. The operation is undone; look at the console output of the instance.`,
    );
  }
  const probes = servers.flatMap(([name, { health }]): Probe[] => {
    const instance = instances.get(name);
    const address =
      plan.probes === undefined ? (instance?.publicAddress ?? instance?.privateAddress) : instance?.privateAddress;
    const targets = {
      ...(health.tcp === undefined ? {} : { tcp: health.tcp }),
      ...(health.http === undefined ? {} : { http: health.http }),
    };
    return Object.keys(targets).length === 0
      ? []
      : [{ server: name, address: address ?? '', withinSeconds: health.withinSeconds, ...targets }];
  });
  return { ...nextPoll(input.poll, waiting.length === 0, services.now()), probes };
}
