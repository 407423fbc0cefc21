import * as z from 'zod';
import { metrics } from '../../names.ts';
import { publish } from '../operation/publish.ts';
import type { Services } from '../services.ts';
import { probeServers } from '../waves/probe.ts';

export const proberInputSchema = z.object({ plan: z.string() });

export interface Probed {
  readonly plan: string;
  /** In words that name the probe; none: all answered rightly. */
  readonly problems: readonly string[];
}

/**
 * Asks what the plan names, all at once, from the recovery Region over the internet, and publishes 1 or 0 for each. Where that breaks off, or cannot be
 * published, there is no number: an alarm tells people, and nothing fails over because of a prober.
 */
export async function askFromOutside(services: Services, input: z.infer<typeof proberInputSchema>): Promise<Probed> {
  const { name: plan, failover } = services.plan(input.plan);
  const asked = Object.entries(failover.automatic?.probes ?? {}).map(([server, probe]) => ({ server, ...probe }));
  const { problems } = await probeServers({ probes: asked });
  const failing = new Map(problems.map(({ server, problem }) => [server, problem]));
  const step = 'watch/prober';
  for (const message of failing.values()) console.error(JSON.stringify({ level: 'warning', step, plan, message }));
  const answers = asked.map(({ server }) => ({
    metric: metrics.probeAnswered,
    value: failing.has(server) ? 0 : 1,
    probe: server,
  }));
  await publish(services, { plan, step }, answers);
  return { plan, problems: [...failing.values()] };
}
