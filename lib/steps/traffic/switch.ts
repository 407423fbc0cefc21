import { route53Client } from '../../aws/clients.ts';
import type * as z from 'zod';
import { isInSync } from '../../aws/records.ts';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { mayWrite } from '../../domain/fence.ts';
import { nextPollWithin, pollSchema } from '../../domain/poll.ts';
import type { TrafficChange } from '../../domain/record-set.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { siteSchema } from '../waves/site.ts';
import { applyChanges } from './apply.ts';
import { intend } from './intend.ts';
import { lead } from './lead.ts';
import { intendTurns, turn } from './turn.ts';

export const switchSchema = contextSchema.extend({ to: siteSchema, poll: pollSchema });
type SwitchInput = z.infer<typeof switchSchema>;

/**
 * Servers have a change within about a minute. Longer than the step is repeated for, since what waits for Route 53 is ready to
 * serve: an outage between two looks must not end the wait. @source aws-facts [4.2]
 */
const syncSecondsMax = 10_800;

/**
 * Moves the plan's DNS records and routing controls to a site, and waits until every Route 53 server answers so. What was there is recorded
 * before anything changes. Traffic reaches recovery servers only behind a fence on the primary (I1).
 */
export async function switchTraffic(services: Services, input: SwitchInput): Promise<MayAsk> {
  const plan = services.plan(input.plan);
  const state = await services.proveEpoch(input);
  if (input.to === 'recovery')
    assertInvariant(state.fence?.site === 'primary', 'I1', `the primary of plan ${plan.name} is not fenced`);
  else
    assertInvariant(
      !mayWrite(state.fence),
      'I1',
      `the fence of the primary of plan ${plan.name} is ${state.fence?.status}`,
    );
  const asking = await askFirst(services, input, {
    key: 'traffic',
    text: `All waves of plan ${plan.name} run in ${plan.recovery.region}. Shall traffic be switched to them?`,
    rule: input.to === 'recovery' ? plan.failover.questions?.traffic : undefined,
  });
  if (asking !== undefined) return asking;
  const { traffic, progression } = await services.catalogue.operationOf(input);
  const isIntended = traffic.length > 0 || progression === 'switching traffic';
  const intended = isIntended ? traffic : await intend(services, input, plan, input.to);
  if (!isIntended) {
    const controls = await intendTurns(services, plan, input.to);
    const turns = controls.length === 0 ? {} : { controls };
    const switching = { traffic: intended, ...turns, progression: 'switching traffic' };
    await services.catalogue.progress(input, switching, services.now());
  }
  // Records first: a change of theirs may be refused, as a turn of routing controls may.
  const isThere =
    (await carryOut(services, input, intended)) &&
    (await turn(services, input)) &&
    (await lead(services, input, input.to));
  return nextPollWithin(input.poll, isThere, services.now(), {
    withinSeconds: syncSecondsMax,
    isPrompt: true,
    overdue: () =>
      new Failure(
        'TrafficChanged',
        `Nobody knows that users of plan ${plan.name} are led to the ${input.to} site: Route 53 did not say so within ${syncSecondsMax} s. What has switched all of its records is final, anything else is undone. Look at the zone, and at the alarm of failover pairs.`,
      ),
  });
}

/** Changes first, then waits until every server has them. Returns whether all do. */
async function carryOut(services: Services, context: Context, changes: readonly TrafficChange[]): Promise<boolean> {
  if (changes.some(({ changeId }) => changeId === null)) {
    await services.catalogue.updateOperation(context, { traffic: await applyChanges(services, changes) });
    return false;
  }
  const ids = new Set(changes.map(({ changeId }) => changeId ?? ''));
  for (const id of ids) if (!(await isInSync(services.client(route53Client), id))) return false;
  return true;
}
