import type { Plan } from '../../lib/domain/plan.ts';
import { shop } from '../shop.ts';

/** Plans that differ in what changes the course of operations: waves, traffic, automatic failover, the fence, rounds. */
export const plans: readonly Plan[] = [
  shop,
  {
    ...shop,
    failover: { ...shop.failover, whenFenceIsOwed: 'stop' },
    failback: { ...shop.failback, roundsMax: 1 },
    protection: { ...shop.protection, retention: { ...shop.protection.retention, latest: 1 } },
  },
  {
    ...shop,
    servers: Object.fromEntries(Object.entries(shop.servers).map(([name, server]) => [name, { ...server, wave: 1 }])),
    failover: withoutAlarm(shop.failover),
    traffic: shop.traffic.slice(0, 1),
  },
];

function withoutAlarm({ automatic: _, ...failover }: Plan['failover']): Plan['failover'] {
  return failover;
}

export function planOf(seed: number): Plan {
  return plans[seed % plans.length] ?? shop;
}
