import type { AutomaticFailover, Plan } from '../../lib/domain/plan.ts';
import { asking, richShop, roomyShop, shop } from '../shop.ts';

/**
 * Plans that differ in what changes the course of operations: waves, traffic, automatic failover and its veto, the fence, rounds, questions, other
 * places, commands, servers that are optional, probes, kinds of records.
 */
export const plans: readonly Plan[] = [
  shop,
  {
    ...shop,
    failover: { ...shop.failover, whenFenceIsOwed: 'stop', automatic: careful(shop.failover.automatic) },
    failback: { ...shop.failback, roundsMax: 1 },
    protection: { ...shop.protection, retention: { ...shop.protection.retention, latest: 1 } },
  },
  {
    ...shop,
    servers: Object.fromEntries(Object.entries(shop.servers).map(([name, server]) => [name, { ...server, wave: 1 }])),
    failover: withoutAlarm(shop.failover),
    traffic: shop.traffic.slice(0, 1),
  },
  asking(roomyShop),
  richShop,
  asking(richShop),
];

/** With time for a veto, and a point that must not be old. */
function careful(automatic: AutomaticFailover | undefined): AutomaticFailover {
  if (automatic === undefined) throw new Error('the shop fails over by itself');
  return { ...automatic, cancelWindowSeconds: 180, pointAgeSecondsMax: 3_600 };
}

function withoutAlarm({ automatic: _, ...failover }: Plan['failover']): Plan['failover'] {
  return failover;
}

export function planOf(seed: number): Plan {
  return plans[seed % plans.length] ?? shop;
}
