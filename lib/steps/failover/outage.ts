import type { AlarmFacts } from '../../aws/signals.ts';
import { isProbed, type Outage } from '../../domain/automatic.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Services } from '../services.ts';
import { readSignals } from './signals.ts';

/** An outage, or why there is none. */
export type OutageNow =
  | { readonly kind: 'out'; readonly outage: Outage }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * The outage of which the signals of a plan tell while its alarm is on. Of a plan without probes it is what its alarm says. With probes the alarm may be on
 * for good, because of one that never worked: the outage begins when those that count suffice, and ends when they do not any more. It is noted, so
 * that whoever looks decides about each outage once; one that a person called off, or that a switch held up, is not begun again while it lasts.
 */
export async function outageNow(services: Services, plan: Plan, { since: alarmSince }: AlarmFacts): Promise<OutageNow> {
  const named = { plan: plan.name, alarmSince };
  if (!isProbed(plan)) return { kind: 'out', outage: { ...named, since: alarmSince, status: 'open' } };
  const { catalogue } = services;
  const { shortfall: reason, isOver } = await readSignals(services, plan);
  const seen = await catalogue.outage(plan.name);
  const lasting = seen?.alarmSince === alarmSince && seen.status !== 'over' ? seen : undefined;
  if (reason !== undefined) {
    if (lasting !== undefined && isOver) await catalogue.noteOutage({ ...lasting, status: 'over' }, lasting);
    return { kind: 'none', reason };
  }
  if (lasting !== undefined) return { kind: 'out', outage: lasting };
  const begun: Outage = { ...named, since: services.now().toISOString(), status: 'open' };
  if (await catalogue.noteOutage(begun, seen)) return { kind: 'out', outage: begun };
  // Another copy was first, and what it noted holds.
  return { kind: 'out', outage: (await catalogue.outage(plan.name)) ?? begun };
}

/** Nothing more comes of this outage, whatever looks at it later. */
export async function concludeOutage({ catalogue }: Services, plan: Plan, outage: Outage): Promise<void> {
  if (isProbed(plan)) await catalogue.noteOutage({ ...outage, status: 'decided' }, outage);
}
