import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import type { RecordValue, TrafficChange } from '../domain/catalogue.ts';
import { Failure } from '../domain/failure.ts';
import { AwsFailure, awsCall } from './call.ts';

type RecordName = Pick<TrafficChange, 'zone' | 'name' | 'type'>;

/** What a record answers now, or `undefined` when there is none. */
export async function readRecord(route53: Route53Client, record: RecordName): Promise<RecordValue | undefined> {
  const answer = await awsCall(`read record ${record.name}`, () =>
    route53.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: record.zone,
        StartRecordName: record.name,
        StartRecordType: record.type as RRType,
        MaxItems: 1,
      }),
    ),
  );
  const set = answer.ResourceRecordSets?.[0];
  const isIt = set?.Type === record.type && withDot(set.Name ?? '') === withDot(record.name);
  if (!isIt) return undefined;
  return { ttlSeconds: set.TTL ?? 0, values: (set.ResourceRecords ?? []).map(({ Value }) => Value ?? '') };
}

/**
 * Switches all records of one zone in one atomic batch that expects the values read before: DELETE and CREATE, never UPSERT,
 * so that somebody else's change is not overwritten. Returns the change's id. @source aws-facts [4.2]
 * @throws Failure TrafficChanged
 */
export async function switchRecords(
  route53: Route53Client,
  zone: string,
  changes: readonly TrafficChange[],
): Promise<string> {
  try {
    const answer = await awsCall(`switch ${changes.map(({ name }) => name).join(', ')}`, () =>
      route53.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: zone,
          ChangeBatch: {
            Comment: 'Homeward',
            Changes: changes.flatMap((change) => [
              { Action: 'DELETE' as const, ResourceRecordSet: recordSet(change, change.before) },
              { Action: 'CREATE' as const, ResourceRecordSet: recordSet(change, change.after) },
            ]),
          },
        }),
      ),
    );
    return answer.ChangeInfo?.Id ?? '';
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'InvalidChangeBatch')) throw error;
    throw new Failure(
      'TrafficChanged',
      `Cannot switch ${changes.map(({ name }) => name).join(', ')} in zone ${zone}: somebody changed a record meanwhile. Look at the zone, then redrive the execution.`,
      { cause: error },
    );
  }
}

/** Whether all Route 53 servers answer with the change. */
export async function isInSync(route53: Route53Client, changeId: string): Promise<boolean> {
  const answer = await awsCall(`read change ${changeId}`, () => route53.send(new GetChangeCommand({ Id: changeId })));
  return answer.ChangeInfo?.Status === 'INSYNC';
}

function recordSet(record: RecordName, value: RecordValue): ResourceRecordSet {
  return {
    Name: record.name,
    Type: record.type as RRType,
    TTL: value.ttlSeconds,
    ResourceRecords: value.values.map((Value) => ({ Value })),
  };
}

function withDot(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}
