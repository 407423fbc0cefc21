import * as z from 'zod';
import { coolDownOf } from '../../domain/automatic.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import type { Plan } from '../../domain/plan.ts';
import { hasMember, parseInput, triggerSchema } from '../operation/open.ts';
import { tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';

/** Switches automatic failover of a plan: `{"plan": "shop", "automatic": "off"}`. */
const switchSchema = z.strictObject({ plan: z.string(), automatic: z.enum(['on', 'off']), trigger: triggerSchema });

export interface Switched {
  readonly plan: string;
  readonly automatic: 'on' | 'off';
}

/** Whether an input switches automatic failover instead of starting one. */
export function asksForSwitch(input: unknown): boolean {
  return hasMember(input, 'automatic');
}

/**
 * Says whether alarms may start failovers of a plan. It holds nothing and moves nothing; people are told.
 * @throws Failure InvalidInput, UnknownPlan
 */
export async function switchAutomatic(services: Services, input: unknown): Promise<Switched> {
  const example = '{"plan": "shop", "automatic": "off"}';
  const { plan, automatic, trigger } = parseInput('failover', switchSchema, input, example);
  const { name } = services.plan(plan);
  const since = services.now().toISOString();
  await services.catalogue.setAutomaticSwitch({ plan: name, isOn: automatic === 'on', since, by: trigger });
  const text =
    automatic === 'on'
      ? `Alarms may start failovers of plan ${name} again.`
      : `No alarm starts a failover of plan ${name} until it is switched on again: start the failover state machine with ${JSON.stringify({ plan: name, automatic: 'on' })}.`;
  await tell(
    services,
    `Homeward: automatic failover of plan ${name} is ${automatic}`,
    `${text} Switched by: ${trigger}.`,
  );
  return { plan: name, automatic };
}

/** Until when no alarm starts a failover of the plan, after an operation that had stopped servers; `undefined` where none has. */
export function coolUntil({ failover: { automatic } }: Plan, { restingSince }: PlanState): Date | undefined {
  if (automatic === undefined || restingSince === null) return undefined;
  return new Date(Date.parse(restingSince) + coolDownOf(automatic) * 1_000);
}

/** Why no alarm may start a failover of the plan now; `undefined` where one may. */
export async function whyNotAutomatic(
  { catalogue, now }: Services,
  plan: Plan,
  state: PlanState,
): Promise<string | undefined> {
  const set = await catalogue.automaticSwitch(plan.name);
  if (set?.isOn === false) return `automatic failover was switched off at ${set.since} by ${set.by}`;
  const cool = coolUntil(plan, state);
  if (cool !== undefined && now() < cool)
    return `the last operation that stopped its servers ended at ${state.restingSince}, and it cools down until ${cool.toISOString()}`;
  const newest = await catalogue.newestAvailable(plan.name);
  if (newest === undefined) return 'the plan has no available recovery point';
  const { pointAgeSecondsMax } = plan.failover.automatic ?? {};
  const ageSeconds = secondsBetween(newest.startedAt, now().toISOString());
  if (pointAgeSecondsMax === undefined || ageSeconds <= pointAgeSecondsMax) return undefined;
  return `its newest available point ${newest.id} is ${Math.floor(ageSeconds / 60)} minutes old, and the plan wants a person to decide beyond ${pointAgeSecondsMax / 60}`;
}
