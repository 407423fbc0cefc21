import { route53Client } from '../../aws/clients.ts';
import { readRecord } from '../../aws/records.ts';
import { isSameRecord, type TrafficChange } from '../../domain/catalogue.ts';
import type { Context, Services } from '../services.ts';
import { applyChanges } from './apply.ts';

/**
 * Puts back what an undone operation switched, and follows servers that came back under another address.
 * @param renewed public addresses that servers had before the operation stopped them → the ones they have now
 */
export async function restoreTraffic(
  services: Services,
  context: Context,
  renewed: ReadonlyMap<string, string>,
): Promise<void> {
  const plan = services.plan(context.plan);
  const { traffic } = await services.catalogue.operationOf(context);
  const client = services.client(route53Client);
  const changes: TrafficChange[] = [];
  for (const { zone, name, type } of plan.traffic) {
    const present = await readRecord(client, { zone, name, type });
    if (present === undefined) continue;
    const switched = traffic.find((change) => change.zone === zone && change.name === name && change.type === type);
    const original = switched !== undefined && isSameRecord(present, switched.after) ? switched.before : present;
    const after = { ...original, values: original.values.map((value) => renewed.get(value) ?? value) };
    if (!isSameRecord(present, after)) changes.push({ zone, name, type, before: present, after, changeId: null });
  }
  await applyChanges(services, changes);
}
