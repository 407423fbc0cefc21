import { tokenOf } from '../../lib/aws/token.ts';
import { shop } from '../shop.ts';
import type { Ground } from './ground.ts';

export interface Context {
  readonly plan: string;
  readonly operation: string;
  readonly epoch: number;
}

let opened = 0;

/** ARN of an execution that nobody started: steps are invoked in its name. */
export function executionOf(name: string): string {
  return `arn:aws:states:${shop.recovery.region}:123456789012:execution:fuzz:${name}`;
}

export async function open(
  ground: Ground,
  kind: 'protect' | 'failover' | 'failback',
  input: object = { plan: shop.name },
) {
  opened += 1;
  const value = await ground.value(`${kind}/open`, {
    input,
    execution: executionOf(tokenOf(`${kind} ${opened}`).slice(0, 12)),
  });
  const { plan, operation, epoch } = value as unknown as Context;
  return { context: { plan, operation, epoch }, point: String(value['point'] ?? '') };
}

/** Takes a recovery point, step by step. Returns its id. */
export async function protect(ground: Ground): Promise<string> {
  await ground.stage.clock.advance(60_000);
  const { context, point } = await open(ground, 'protect');
  await ground.value('protect/select', { ...context, point });
  for (const step of ['protect/capture', 'protect/describe'] as const)
    for (const server of Object.keys(shop.servers)) await ground.value(step, { ...context, point, server });
  await ground.until('protect/replicate', { ...context, point });
  await ground.value('protect/seal', { ...context, point, described: {} });
  await ground.until('protect/prune', { ...context, point });
  await ground.value('operation/close', { ...context, outcome: 'succeeded' });
  return point;
}
