import { recoveryClusterClient } from '../../aws/clients.ts';
import { type Cluster, readControl, turnControls } from '../../aws/routing-controls.ts';
import type { Site } from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan, RoutingControls } from '../../domain/plan.ts';
import {
  arnsOf,
  batchesOf,
  type ControlChange,
  controlFault,
  controlsOf,
  type ControlState,
  type ControlStates,
  leadTo,
  tellingOf,
  turnsTo,
} from '../../domain/routing-control.ts';
import { ledSeconds } from '../../domain/traffic.ts';
import { turnWords } from '../../domain/traffic-words.ts';
import { pause } from '../pause.ts';
import type { Context, Services } from '../services.ts';

/**
 * What the routing controls of a plan are now, and what they are to be so that they lead to a site.
 * @throws Failure TrafficChanged when a control does not exist, or two lead to both sites or neither
 */
export async function intendTurns(services: Services, plan: Plan, to: Site): Promise<ControlChange[]> {
  const turns: ControlChange[] = [];
  for (const entry of controlsOf(plan)) {
    const states = await statesOf(services, entry, arnsOf(entry));
    const fault = controlFault(entry, states);
    if (fault !== undefined)
      throw new Failure(
        'TrafficChanged',
        `Cannot turn routing controls of plan ${plan.name}: ${fault}. Look at the control panel, then start again.`,
      );
    turns.push(...turnsTo(to, entry, states));
  }
  return turns;
}

/** Why the routing controls of an entry could not be turned, `undefined` where they could; and whether they lead to the recovery site already. */
export async function lookAtControls(
  services: Services,
  entry: RoutingControls,
): Promise<{ readonly fault: string | undefined; readonly isAway: boolean }> {
  const states = await statesOf(services, entry, arnsOf(entry));
  return { fault: controlFault(entry, states), isAway: leadTo('recovery', entry, states) };
}

/**
 * Turns the routing controls of an operation as it intends. Returns whether users are led there: the last was turned so long ago that Route 53 has seen it.
 * @throws Failure TrafficChanged when the controls of a batch are neither what they were nor what they are to be
 */
export async function turn(services: Services, context: Context): Promise<boolean> {
  const { controls = [] } = await services.catalogue.operationOf(context);
  const now = services.now().toISOString();
  if (controls.some(({ turnedAt }) => turnedAt === null)) {
    for (const { entry, batch } of ofPlan(services, context, controls))
      await turnBatch(services, context, entry, batch);
    const turned = controls.map((change) => ({ ...change, turnedAt: change.turnedAt ?? now }));
    await services.catalogue.updateOperation(context, { controls: turned });
    return tellingOf(controls).length === 0;
  }
  return tellingOf(controls).every(({ turnedAt }) => secondsBetween(turnedAt ?? now, now) >= ledSeconds);
}

/** Turns back what is as an undone operation turned it, to what it was. A control that somebody has turned since stays as it is. */
export async function turnBack(services: Services, context: Context): Promise<void> {
  const { controls } = await services.catalogue.operationOf(context);
  for (const { entry, batch } of ofPlan(services, context, tellingOf(controls))) {
    const states = await knownStatesOf(services, entry, batch);
    const turned = batch.filter(({ control, after }) => states.get(control) === after);
    const back = turned.map(({ control, before }) => ({ control, state: before }));
    if (back.length > 0) await turnAll(services, context, entry, back);
  }
}

/** Whether all routing controls that an operation turns are as it intends. */
export async function areTurned(
  services: Services,
  context: Context,
  changes: readonly ControlChange[],
): Promise<boolean> {
  const batches = ofPlan(services, context, changes);
  for (const { entry, batch } of batches) {
    const states = await knownStatesOf(services, entry, batch);
    if (batch.some(({ control, after }) => states.get(control) !== after)) return false;
  }
  return batches.length > 0;
}

/** AWS takes no expected state with a batch: it is compared just before, and what somebody changed is not overwritten. */
async function turnBatch(
  services: Services,
  context: Context,
  entry: RoutingControls,
  batch: readonly ControlChange[],
): Promise<void> {
  const states = await statesOf(
    services,
    entry,
    batch.map(({ control }) => control),
  );
  const areAll = (as: 'before' | 'after') => batch.every((change) => states.get(change.control) === change[as]);
  if (areAll('after')) return;
  const turns = batch.map(({ control, after }) => ({ control, state: after }));
  const found = batch.map(({ control }) => ({ control, state: states.get(control) ?? 'gone' }));
  if (!areAll('before'))
    throw new Failure(
      'TrafficChanged',
      `Cannot turn ${turnWords(turns)}: somebody turned a routing control meanwhile, and now they are ${turnWords(found)}. Look at the control panel.`,
    );
  await turnAll(services, context, entry, turns);
}

/** Another change of the panel may be under way, of another plan, or of an earlier request that no answer came of. It is over within so many tries. */
const triesMax = 4;
const conflictPauseMs = 5_000;

async function turnAll(
  services: Services,
  context: Context,
  entry: RoutingControls,
  turns: readonly { readonly control: string; readonly state: ControlState }[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    // Endpoints that hang may have held this up for minutes.
    await services.proveEpoch(context);
    const conflict = await turnControls(clusterOf(services, entry), turns);
    if (conflict === undefined) return;
    const controls = turns.map(({ control }) => control);
    const states = await statesOf(services, entry, controls);
    if (turns.every(({ control, state }) => states.get(control) === state)) return;
    if (attempt === triesMax)
      throw new Failure(
        'TrafficChanged',
        `Cannot turn ${turnWords(turns)}: a safety rule of the control panel is in the way, or another change of it does not end. Look at its rules. ${conflict.message}`,
        { cause: conflict },
      );
    await pause(conflictPauseMs);
  }
}

/** The changes by batch, each with what the plan says of where its cluster is. One of which the plan says nothing any more is left alone. */
function ofPlan(services: Services, { plan }: Context, changes: readonly ControlChange[]) {
  const entries = controlsOf(services.plan(plan));
  const entryOf = (wanted: ControlChange) => entries.find((entry) => arnsOf(entry).includes(wanted.control));
  return batchesOf(changes.filter((change) => entryOf(change) !== undefined)).flatMap((batch) => {
    const [entry] = batch.flatMap((change) => entryOf(change) ?? []);
    return entry === undefined ? [] : [{ entry, batch }];
  });
}

async function statesOf(
  services: Services,
  entry: RoutingControls,
  controls: readonly string[],
): Promise<ControlStates> {
  const cluster = clusterOf(services, entry);
  const states = new Map<string, Awaited<ReturnType<typeof readControl>>>();
  for (const control of controls) states.set(control, await readControl(cluster, control));
  return states;
}

/** That a control is gone says nothing of where users are led: neither that it was turned nor that it was not. @throws Failure TrafficChanged */
async function knownStatesOf(
  services: Services,
  entry: RoutingControls,
  batch: readonly ControlChange[],
): Promise<ControlStates> {
  const controls = batch.map(({ control }) => control);
  const states = await statesOf(services, entry, controls);
  const missing = controls.filter((control) => states.get(control) === undefined);
  if (missing.length === 0) return states;
  throw new Failure(
    'TrafficChanged',
    `Nobody knows where users are led: ${missing.join(', ')} no longer exists in the cluster of its endpoints. Look at the control panel, lead users back by hand, and take what is gone for good out of the plan.`,
  );
}

/** In another order each time, so that no endpoint that hangs is always the first. @source ARC guide, best practices for routing control */
function clusterOf({ client }: Services, { endpoints }: RoutingControls): Cluster {
  const drawn = Object.values(endpoints).map((url) => ({ url, lot: Math.random() }));
  return drawn.toSorted((one, other) => one.lot - other.lot).map(({ url }) => client(recoveryClusterClient, url));
}
