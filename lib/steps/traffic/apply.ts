import { route53Client } from '../../aws/clients.ts';
import { readRecord, switchRecords } from '../../aws/records.ts';
import { isSameRecord, type TrafficChange } from '../../domain/record-set.ts';
import { Failure } from '../../domain/failure.ts';
import type { Services } from '../services.ts';

/**
 * Makes the changes, one atomic batch per zone, and gives them back with the id to wait for. A record that has its new value
 * already is replaced by itself: the answer of an earlier batch was lost, and its id with it.
 * @throws Failure TrafficChanged when a record is neither what it was nor what it should be
 */
export async function applyChanges(services: Services, changes: readonly TrafficChange[]): Promise<TrafficChange[]> {
  const done: TrafficChange[] = [];
  for (const zone of new Set(changes.map((change) => change.zone))) {
    const ofZone = changes.filter((change) => change.zone === zone);
    const changeId = await submit(services, zone, ofZone);
    done.push(...ofZone.map((change) => ({ ...change, changeId })));
  }
  return done;
}

async function submit(services: Services, zone: string, changes: readonly TrafficChange[]): Promise<string> {
  const client = services.client(route53Client);
  try {
    return await switchRecords(client, zone, await asPresent(services, changes));
  } catch (error) {
    // The SDK itself may have repeated a batch that had been made; then every record is as it should be.
    if (!(error instanceof Failure && error.code === 'TrafficChanged')) throw error;
    const present = await asPresent(services, changes);
    if (!present.every(({ before, after }) => isSameRecord(before, after))) throw error;
    return switchRecords(client, zone, present);
  }
}

/** The changes from what is there now, where that is what they lead to. */
async function asPresent(services: Services, changes: readonly TrafficChange[]): Promise<TrafficChange[]> {
  const asked = changes.map(async (change) => {
    const present = await readRecord(services.client(route53Client), change);
    return isSameRecord(present, change.after) ? { ...change, before: change.after } : change;
  });
  return Promise.all(asked);
}
