import { z } from 'zod';
import {
  openOperation,
  type openSchema,
  parseInput,
  refuseUnlessOpenable,
  triggerSchema,
  wavesOf,
} from '../operation/open.ts';
import { asksForUndo, type TakenOver, takeOver } from '../operation/take-over.ts';
import type { Context, Services } from '../services.ts';
import type { ServerItem, WaveItem } from '../waves/wave.ts';

const inputSchema = z.strictObject({
  plan: z.string(),
  estimateOnly: z.boolean().default(false),
  trigger: triggerSchema,
});

export type FailbackOpened = Context & {
  readonly estimateOnly: boolean;
  readonly servers: readonly ServerItem[];
  readonly waves: readonly WaveItem[];
};

/** Opens a failback: production must run in the recovery Region, behind a committed failover. */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<FailbackOpened | TakenOver> {
  if (asksForUndo(input)) return takeOver(services, 'failback', input, execution);
  const { plan: name, estimateOnly, trigger } = parseInput('failback', inputSchema, input, '{"plan": "shop"}');
  const plan = services.plan(name);
  const state = await refuseUnlessOpenable(services, name, 'failback', execution);
  const failover = state.failover === null ? undefined : await services.catalogue.operation(name, state.failover);
  const opened = await openOperation(services, {
    kind: 'failback',
    plan,
    execution,
    trigger,
    recoveryPoint: failover?.recoveryPoint ?? null,
  });
  if (opened.kind === 'busy') throw opened.failure;
  const { context } = opened;
  const item = (server: string) => ({ ...context, server });
  const waves = wavesOf(plan).map(({ wave, servers }) => ({
    ...context,
    wave,
    site: 'primary' as const,
    servers: servers.map(item),
  }));
  return { ...context, estimateOnly, servers: Object.keys(plan.servers).map(item), waves };
}
