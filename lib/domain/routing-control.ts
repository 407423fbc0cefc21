import * as z from 'zod';
import type { Site } from './catalogue.ts';
import { time } from './ids.ts';
import type { Plan, RoutingControls } from './plan.ts';

const stateSchema = z.enum(['On', 'Off']);
export type ControlState = z.output<typeof stateSchema>;

/** One routing control that an operation turns: what it was, what it is to be, and when it was turned; `null` until then. */
export const controlChangeSchema = z
  .object({ control: z.string().min(1), before: stateSchema, after: stateSchema, turnedAt: time.nullable() })
  .readonly();
export type ControlChange = z.output<typeof controlChangeSchema>;

/** What a cluster was told of its controls; `undefined` of one that it does not have. */
export type ControlStates = ReadonlyMap<string, ControlState | undefined>;

/** Of one batch. @source ARC guide, quotas for routing control */
export const controlsMax = 10;

/** The routing controls of a plan. */
export function controlsOf({ traffic }: Pick<Plan, 'traffic'>): RoutingControls[] {
  return traffic.flatMap((entry) => ('routingControls' in entry ? [entry] : []));
}

/** Both controls, or the one that there is. */
export function arnsOf({ routingControls: { primary, recovery } }: RoutingControls): string[] {
  return [primary ?? [], recovery ?? []].flat();
}

/** Controls of one panel are changed in one transaction. @source ARC guide, routing control components */
export function panelOf(control: string): string {
  return control.replace(/\/routingcontrol\/.*/, '');
}

/** What is changed together: the controls of each panel. */
export function batchesOf(changes: readonly ControlChange[]): ControlChange[][] {
  return [...Map.groupBy(changes, ({ control }) => panelOf(control)).values()];
}

/** Changes that are some: a control that was as it is to be says nothing. */
export function tellingOf(changes: readonly ControlChange[] = []): ControlChange[] {
  return changes.filter(({ before, after }) => before !== after);
}

/** Why controls cannot be turned; `undefined` where they can. */
export function controlFault(entry: RoutingControls, states: ControlStates): string | undefined {
  const arns = arnsOf(entry);
  const missing = arns.find((arn) => states.get(arn) === undefined);
  if (missing !== undefined) return `${missing} does not exist in the cluster of its endpoints`;
  const [one, other] = arns.map((arn) => states.get(arn));
  return one === other ? `both are ${one}, and one of them must be On and the other Off` : undefined;
}

/** Whether controls lead to a site already. */
export function leadTo(site: Site, entry: RoutingControls, states: ControlStates): boolean {
  return tellingOf(turnsTo(site, entry, states)).length === 0;
}

/** What controls are to be so that they lead to a site. */
export function turnsTo(to: Site, { routingControls }: RoutingControls, states: ControlStates): ControlChange[] {
  return (['primary', 'recovery'] as const).flatMap((site) => {
    const control = routingControls[site] ?? '';
    const before = states.get(control);
    return before === undefined ? [] : [{ control, before, after: site === to ? 'On' : 'Off', turnedAt: null }];
  });
}
