import { route53Client } from '../../aws/clients.ts';
import type * as z from 'zod';
import { readRecord } from '../../aws/records.ts';
import { Failure } from '../../domain/failure.ts';
import { nextPollWithin, type PollResult, pollSchema } from '../../domain/poll.ts';
import { isSameName, isSameRecord, type TrafficChange } from '../../domain/record-set.ts';
import { namesOf, recordsOf } from '../../domain/traffic.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { regionOf, siteSchema } from '../waves/site.ts';
import { renewedAddresses } from '../waves/stop.ts';
import { applyChanges } from './apply.ts';
import { leadBack } from './lead.ts';
import { turn, turnBack } from './turn.ts';

/** `to`: the site that serves again after the undo. */
export const restoreSchema = contextSchema.extend({ to: siteSchema, poll: pollSchema });

/** The alarm of failover pairs turns within some minutes of a data point. */
const leadBackSecondsMax = 1_800;

/**
 * Traffic of an undone operation as it was, once the servers it leads to run again. At home again it needs no fence any more.
 * What has committed is final, and led there by all that it meant to.
 * @throws Failure TrafficChanged when failover pairs do not lead back
 */
export async function restore(services: Services, input: z.infer<typeof restoreSchema>): Promise<PollResult> {
  const { commit } = await services.proveEpoch(input);
  const done = (isDone: boolean) =>
    nextPollWithin(input.poll, isDone, services.now(), {
      withinSeconds: leadBackSecondsMax,
      overdue: () =>
        new Failure(
          'TrafficChanged',
          `The health check of plan ${input.plan} did not lead back within ${leadBackSecondsMax} s: users may still be led to the servers of operation ${input.operation}. Look at the alarm of the plan's failover pairs.`,
        ),
    });
  // Its records may have been switched before its routing controls were.
  if (commit === input.operation) return done(await turn(services, input));
  const region = regionOf(services.plan(input.plan), input.to);
  await restoreTraffic(services, input, await renewedAddresses(services, input, region));
  await turnBack(services, input);
  if (!(await leadBack(services, input, input.to))) return done(false);
  if (input.to === 'primary') await services.catalogue.changeState(input, { kind: 'unfence' });
  return done(true);
}

/**
 * Puts back what an undone operation switched, and follows servers that came back under another address.
 * @param renewed public addresses that servers had before the operation stopped them → the ones they have now
 */
async function restoreTraffic(
  services: Services,
  context: Context,
  renewed: ReadonlyMap<string, string>,
): Promise<void> {
  const plan = services.plan(context.plan);
  const { traffic } = await services.catalogue.operationOf(context);
  const client = services.client(route53Client);
  const changes: TrafficChange[] = [];
  for (const record of recordsOf(plan).flatMap(namesOf)) {
    const present = await readRecord(client, record);
    if (present === undefined) continue;
    const switched = traffic.find((change) => isSameName(change, record));
    const original = switched !== undefined && isSameRecord(present, switched.after) ? switched.before : present;
    const after = { ...original, values: original.values.map((value) => renewed.get(value) ?? value) };
    if (!isSameRecord(present, after)) changes.push({ ...record, before: present, after, changeId: null });
  }
  await applyChanges(services, changes);
}
