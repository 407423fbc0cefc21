import { route53Client } from '../../aws/clients.ts';
import type { InstanceFacts } from '../../aws/instances.ts';
import { readRecord } from '../../aws/records.ts';
import type { Site } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan, TrafficRecord } from '../../domain/plan.ts';
import { isSameName, isSameRecord, type RecordValue, type TrafficChange } from '../../domain/record-set.ts';
import { faultOf, hasChanges, ledTo, namesOf, recordsOf } from '../../domain/traffic.ts';
import type { Context, Services } from '../services.ts';
import { failoverOf, instancesOf } from '../waves/site.ts';

/**
 * What the records of a plan are now, and what they are to be so that they lead to a site.
 * @throws Failure TrafficChanged when a record does not exist or leads to neither site
 */
export async function intend(services: Services, context: Context, plan: Plan, to: Site): Promise<TrafficChange[]> {
  if (!hasChanges(plan)) return [];
  const servers = plan.traffic.flatMap((record) => ('server' in record ? [record.server] : []));
  const instances = await instancesOf(services, context, to, servers);
  const left = to === 'primary' ? ((await failoverOf(services, context))?.traffic ?? []) : [];
  const changes: TrafficChange[] = [];
  for (const record of recordsOf(plan)) {
    const present = await presentOf(services, record);
    const address = addressOf(record, instances);
    const fault =
      faultOf(record, present) ?? (address === undefined && 'server' in record ? noAddress(record) : undefined);
    if (fault !== undefined)
      throw new Failure(
        'TrafficChanged',
        `Cannot switch ${record.name}: ${fault}. Look at the zone, then start again.`,
      );
    const before = present.filter((value) => value !== undefined);
    const names = namesOf(record);
    const after = ledTo(record, { site: to, address }, before, homeOf(names, before, left));
    changes.push(...pairsOf(names, before, after));
  }
  return changes;
}

/** What each record of Route 53 is now for which a record of the plan stands. */
async function presentOf(services: Services, record: TrafficRecord): Promise<(RecordValue | undefined)[]> {
  const client = services.client(route53Client);
  return Promise.all(namesOf(record).map((name) => readRecord(client, name)));
}

function addressOf(record: TrafficRecord, instances: ReadonlyMap<string, InstanceFacts>): string | undefined {
  if (!('server' in record)) return undefined;
  const { publicAddress, privateAddress } = instances.get(record.server) ?? {};
  return record.address === 'public' ? publicAddress : privateAddress;
}

function noAddress({ server, address }: Extract<TrafficRecord, { server: string }>): string {
  return `server ${server} has no ${address} address`;
}

/** What the records were before a failover, where they are as it left them. */
function homeOf(
  names: ReturnType<typeof namesOf>,
  present: readonly RecordValue[],
  left: readonly TrafficChange[],
): readonly RecordValue[] | undefined {
  const homes = names.flatMap((name, index) => {
    const change = left.find((each) => isSameName(each, name));
    return change !== undefined && isSameRecord(present[index], change.after) ? [change.before] : [];
  });
  return homes.length === names.length ? homes : undefined;
}

function pairsOf(
  names: ReturnType<typeof namesOf>,
  before: readonly RecordValue[],
  after: readonly RecordValue[],
): TrafficChange[] {
  return names.flatMap((name, index) => {
    const [was, is] = [before[index], after[index]];
    return was === undefined || is === undefined ? [] : [{ ...name, before: was, after: is, changeId: null }];
  });
}
